"""What someone wrote: images/, packer/ and environments.hcl, read into frozen values. No network, no clock."""
