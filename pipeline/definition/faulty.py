"""What was written with mistakes: it is there, and stops only whoever needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipeline.errors import DefinitionError, Mistake

Kind: TypeAlias = Literal["image", "template", "environment"]


@dataclass(frozen=True, slots=True)
class Faulty:
    """An image, template or environment with mistakes: it is there, and nobody can use it.

    Those of an image are its own and its template's.
    """

    kind: Kind
    name: str
    mistakes: tuple[Mistake, ...]

    @property
    def error(self) -> DefinitionError:
        """What whoever needs it is told."""
        return DefinitionError(self.mistakes)
