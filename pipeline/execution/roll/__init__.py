"""Carrying out in-place rolls."""
