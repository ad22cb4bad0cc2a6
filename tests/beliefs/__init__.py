"""What we believe of Azure, as tests that run against the emulator, and against a subscription."""
