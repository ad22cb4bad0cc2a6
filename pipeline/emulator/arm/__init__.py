"""What Azure Resource Manager does for every resource provider; knows none of them."""
