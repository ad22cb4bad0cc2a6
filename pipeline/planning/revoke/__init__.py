"""What follows when a version is taken back: where, whom it concerns, and how to leave it."""
