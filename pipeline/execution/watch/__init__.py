"""Watching production with requests of its own, from before a swap to the end of the soak."""
