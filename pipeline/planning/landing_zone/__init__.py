"""What a landing zone consists of, and planning what is missing of it."""
