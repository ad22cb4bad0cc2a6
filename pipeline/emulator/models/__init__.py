"""What Azure's models say of each body: the table, its reader, and how a request is read by it."""
