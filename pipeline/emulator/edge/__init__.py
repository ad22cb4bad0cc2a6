"""The HTTPS edge: a request comes in, ARM's manners are kept, an answer goes out."""
