"""What someone wrote in images/, packer/ and environments.hcl, read into frozen values.

No network, no clock: `project.read` only opens files.
"""
