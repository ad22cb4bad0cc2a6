"""Microsoft.Resources: resource groups and template deployments."""
