"""What makes `nightly` bake an image again."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

Reason: TypeAlias = Literal["inputs", "base", "parent", "security", "packages"]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
USUAL: Final = frozenset[Reason](("inputs", "base", "parent"))
"""Where an image does not say: what is known without asking any package index."""
