"""Asking who is concerned when a version is taken back, and writing it down."""
