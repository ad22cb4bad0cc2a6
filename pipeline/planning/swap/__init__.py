"""Planning how a version is staged, promoted and rolled back, and telling what is true."""
