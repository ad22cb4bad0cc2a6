"""Bake an Azure image with Packer, prove it on a fresh machine, and swap it into production."""
