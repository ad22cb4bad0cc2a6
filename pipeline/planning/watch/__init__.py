"""Watching production: whom to ask, what was counted, and what follows from it."""
