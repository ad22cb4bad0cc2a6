"""The dashboard: a page on this machine that follows what is true in Azure."""
