"""Carrying out a rehearsal of a rollback."""
