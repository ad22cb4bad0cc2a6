"""What `nightly` asks about an image besides Azure: the package indexes, and its age."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.definition.model import Image
from pipeline.errors import StateFileError, Unreachable
from pipeline.execution.packages.indexes import Indexes
from pipeline.planning.names import Tag
from pipeline.planning.packages.changes import Change
from pipeline.planning.packages.prediction import Prediction
from pipeline.planning.packages.recorded import Recorded
from pipeline.planning.packages.upgrading import names_an_upgrade
from pipeline.planning.versions import ImageVersion


@dataclass(frozen=True, slots=True)
class Answer:
    """What the indexes say of a version; without a prediction, why there is none."""

    prediction: Prediction | None = None
    fixes: tuple[Change, ...] = ()
    """Security fixes of all that is installed: also of what the bake does not touch."""
    why_not: str = ""


NOT_RECORDED = Answer(why_not="its packages are not written down here")


def ask(indexes: Indexes, image: Image, known: Recorded | None) -> Answer:
    """Ask for what the bake would install today. Nothing that goes wrong is a reason to rebuild."""
    if known is None:
        return NOT_RECORDED
    if known.state is None:
        return Answer(why_not=f"what {known.inventory.manager} knew is not written down here")
    try:
        upgrades = names_an_upgrade(map(_text, image.scripts))
        prediction = indexes.foretell(known.state, upgrades=upgrades)
        return Answer(prediction, indexes.open_fixes(known.state))
    except (Unreachable, StateFileError) as error:
        return Answer(why_not=f"package indexes not asked: {error}")


def is_too_old(
    image: Image, version: ImageVersion, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> bool:
    """Whether the run that made a version began longer ago than `max_age` of its image."""
    if not image.max_age:
        return False
    oldest = f"{now() - timedelta(seconds=image.max_age):%Y%m%dT%H%M%SZ}"
    return "" < version.tags.get(Tag.RUN, "") < oldest


def _text(script: Path) -> str:
    try:
        return script.read_text(errors="replace")
    except OSError:
        return ""
