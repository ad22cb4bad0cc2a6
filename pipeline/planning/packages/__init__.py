"""Packages of image versions: what a bake would install today, what changed, what is unfixed."""
