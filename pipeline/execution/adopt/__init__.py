"""Asking Azure what an estate is that another hand made. Nothing here changes anything."""
