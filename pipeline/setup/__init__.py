"""Everything the project needs, on a machine that has none of it: `python3 -m pipeline.setup`.

Runs before there is a virtual environment, so it imports the standard library only.
It owns `.venv`, and in the user's cache folder what is slow to make again.
"""
