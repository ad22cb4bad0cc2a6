"""Pre-flight: what would stop a version from being staged, said before the first write."""
