"""A run: its session, its journal, its lock, its files, and one step of it at work."""
