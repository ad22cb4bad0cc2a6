"""What must be there before the first bake, and how to get what is missing."""
