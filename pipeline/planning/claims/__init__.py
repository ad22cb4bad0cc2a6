"""Who holds what: claims, holds, reserved numbers and the log of moves, as values."""
