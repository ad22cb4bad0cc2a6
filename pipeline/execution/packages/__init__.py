"""Asking a machine which packages it has, and package indexes what they offer."""
