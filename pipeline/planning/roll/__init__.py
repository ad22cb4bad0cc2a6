"""In-place rolls: the scale set that serves, brought to another version batch by batch."""
