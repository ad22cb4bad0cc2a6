"""What is known of a version: what is in it, how it was made, how it was checked."""
