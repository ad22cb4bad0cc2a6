"""The page of a run: what a run keeps for it, and the file that is written at its end."""
