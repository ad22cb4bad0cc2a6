"""Many environments at once: what serves in each, how old it is, and what is wrong."""
