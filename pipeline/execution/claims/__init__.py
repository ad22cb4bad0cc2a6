"""Claims in Azure: record sets of one private DNS zone, written under conditions."""
