"""Gathering what is known of a version, keeping it by digest, reading it again."""
