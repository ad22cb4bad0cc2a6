"""What scale sets, copies of versions and bakes cost, by a table of prices."""
