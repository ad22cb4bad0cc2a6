"""What `az` says of the emulator, command by command: `make conformance`."""
