"""What the page of a run says: frozen values, made from what the run kept."""
