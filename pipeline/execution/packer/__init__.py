"""Driving Packer: finding it, signing it in, running it, reading it, ending what is left of it."""
