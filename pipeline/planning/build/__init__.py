"""Planning how an image version is baked, checked and marked."""
