"""What can become of an image in a night, in the words of its table and its document."""

from __future__ import annotations

from typing import Final

FAILED: Final = "failed"
STILL_FAILING: Final = "still failing"
"""Its inputs failed before, and nothing was done about them."""
REHEARSED: Final = "rehearsed"
NOT_REHEARSED: Final = "not rehearsed"
"""Its way back was tried, and did not work."""
NO_RESULT: Final = "no result"
"""Its unit left no document: the job died, or never began."""

_BAD = frozenset({FAILED, STILL_FAILING, NOT_REHEARSED, NO_RESULT})


def is_bad(result: str) -> bool:
    """Whether a night with it has failed."""
    return result in _BAD
