"""The tasks of the CLI that tasks.py does not hold itself, and what they share."""
