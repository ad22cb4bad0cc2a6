"""What an existing estate is called in definitions: text for people to take over, nothing done."""
