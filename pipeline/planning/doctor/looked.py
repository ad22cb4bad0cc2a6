"""What bakes and evidence need besides resources: secrets, the signing key, the evidence store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipeline.advice import AdviceList
from pipeline.planning.preflight.finding import Finding, failed, ok, warning

Check: TypeAlias = Literal["secret", "signing key", "evidence store"]


@dataclass(frozen=True, slots=True)
class Looked:
    """One of them, as it was found; `what` never holds a value or a key."""

    check: Check
    what: str
    problem: str = ""
    """Why it cannot be used; "" where it can."""
    advice: AdviceList = ()
    is_needed: bool = True
    """Whether a version cannot be recorded or baked without it."""

    @property
    def finding(self) -> Finding:
        """Its line."""
        if not self.problem:
            return ok(self.check, self.what)
        fix = self.advice[0].wish if self.advice else ""
        judge = failed if self.is_needed else warning
        return judge(self.check, f"{self.what}: {self.problem}", fix, *self.advice)
