"""Figures, not verdicts: `make bench` prints how long things take and how much memory they need."""
