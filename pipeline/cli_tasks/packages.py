"""Tasks about what is installed in images: the nightly run, what changed, what is not fixed."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

from invoke.context import Context
from invoke.tasks import task

from pipeline.cli_tasks.running import (
    CHANGES,
    IMAGE,
    READS,
    SEVERAL,
    VERIFY,
    VERSION,
    session_in,
)

JOBS = "images that are built at once (default: 1)"
RESULT = "file for what became of each image, for `fleet.report`"
MARKDOWN = "print it as release notes in Markdown"
SERVES = f"{VERSION} (default: the one that serves)"
TRACKER = "file with the data of Debian's security tracker (JSON)"
OSV = "file, or folder of files, with documents of OSV (JSON)"
CYCLONEDX = "file to write a CycloneDX document with `vulnerabilities` into"


@task(
    iterable=["image"],
    help={**CHANGES, "image": SEVERAL, "verify": VERIFY, "result": RESULT, "jobs": JOBS},
)
def nightly(
    _context: Context,
    image: list[str] | None = None,
    verify: bool = False,
    result: str = "",
    jobs: int = 1,
    env: str = "",
    json: bool = False,
    plan: bool = False,
) -> None:
    """Build every image whose inputs, base or packages changed, and report each."""
    with session_in(env, json, plan) as session:
        from pipeline.execution.commands.nightly import nightly

        nightly(session, image or (), verify=verify, result=result, jobs=jobs)


@task(help={**READS, "image": IMAGE, "before": VERSION, "after": VERSION, "markdown": MARKDOWN})
def diff(
    _context: Context,
    image: str,
    before: str,
    after: str,
    markdown: bool = False,
    env: str = "",
    json: bool = False,
) -> None:
    """Show what changed between two versions: packages, inputs, commits, checks."""
    with session_in(env, json) as session:
        from pipeline.execution.commands.packages import diff

        diff(session, image, before, after, markdown=markdown)


@task(
    help={
        **READS,
        "image": IMAGE,
        "version": SERVES,
        "tracker": TRACKER,
        "osv": OSV,
        "cyclonedx": CYCLONEDX,
    }
)
def vulnerabilities(
    _context: Context,
    image: str,
    version: str = "",
    tracker: str = "",
    osv: str = "",
    cyclonedx: str = "",
    env: str = "",
    json: bool = False,
) -> None:
    """Show the security fixes that what serves lacks, and known vulnerabilities."""
    with session_in(env, json) as session:
        from pipeline.execution.commands.packages import vulnerabilities

        vulnerabilities(session, image, version, tracker=tracker, osv=osv, cyclonedx=cyclonedx)
