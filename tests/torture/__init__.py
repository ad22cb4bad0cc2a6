"""Many commands at once, deaths and faults: what a release must survive."""
