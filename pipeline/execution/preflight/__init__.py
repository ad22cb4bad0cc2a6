"""Asking Azure for everything that a pre-flight judges."""
