"""`nightly`: build every image whose inputs or base changed, go on after a failure, tell all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pipeline.errors import PipelineError
from pipeline.execution.build import build_image
from pipeline.execution.session import Session

HEADINGS = ("image", "version", "result", "why")


@dataclass(frozen=True, slots=True)
class Row:
    """One image in the table at the end."""

    image: str
    version: str
    result: str
    why: str

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """As the table has them."""
        return (self.image, self.version or "-", self.result, self.why)


def nightly(session: Session, images: Sequence[str] = (), *, verbose: bool = False) -> None:
    """Build each image, by default all of the project, and print a table.

    Raises PipelineError naming those that failed, after all had their turn.
    """
    names = images or [image.name for image in session.project.images]
    for name in names:
        session.image(name)  # a wrong name is told before an hour of building
    rows = [_one(session, name, verbose=verbose) for name in names]
    document = {"environment": session.environment.name, "images": [asdict(row) for row in rows]}
    session.output.report(table(rows), document)
    failed = [row.image for row in rows if row.result == "failed"]
    if failed:
        raise PipelineError(
            f"{len(failed)} of {len(rows)} images failed: {', '.join(failed)}",
            advice=tuple((f"{name} again", f"invoke build-image {name}") for name in failed),
        )


def table(rows: Sequence[Row]) -> str:
    """For people; the last column is as wide as it is."""
    lines = [HEADINGS, *(row.cells for row in rows)]
    first, second, third = (max(len(line[column]) for line in lines) for column in range(3))
    return "\n".join(
        f"{image:<{first}}  {version:<{second}}  {result:<{third}}  {why}"
        for image, version, result, why in lines
    )


def _one(session: Session, name: str, *, verbose: bool) -> Row:
    try:
        outcome = build_image(session, name, verbose=verbose)
    except PipelineError as error:
        session.output.error(error)
        return Row(name, "", "failed", _first_words(error))
    return Row(name, outcome.version, outcome.result, outcome.why)


def _first_words(error: PipelineError) -> str:
    """The kind of failure and its first line; the rest was told above the table."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
