"""The HTTPS edge: authentication, routing, faults, and ARM's headers on every answer."""
