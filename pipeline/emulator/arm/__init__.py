"""Azure Resource Manager's manners, without knowing any resource provider."""
