"""The packaged checks of hygiene: what a bake leaves on the disk that it captures."""
