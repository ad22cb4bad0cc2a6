"""One stream of facts in two dresses: lines for people, JSON lines for programs."""
