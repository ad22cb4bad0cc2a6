"""Asking many environments at once."""
