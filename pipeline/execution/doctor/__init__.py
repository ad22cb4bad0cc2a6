"""Asking this machine and Azure for all that must be there before the first bake."""
