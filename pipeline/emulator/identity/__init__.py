"""Identity: the emulator's certificates, its one service principal, and its tokens."""
