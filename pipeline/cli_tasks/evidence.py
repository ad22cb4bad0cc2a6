"""The tasks of evidence: `invoke evidence.show` and the like."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

from invoke.collection import Collection
from invoke.context import Context
from invoke.tasks import task

from pipeline.cli_tasks.running import IMAGE, NEWEST, READS, session_in

WHAT = "an image, or a file with an attestation, such as Packer's"
KEY = "PEM file of a public key that must have signed the file (default: as environments.hcl says)"
TO = "folder to write it into (default: evidence-IMAGE-VERSION)"


@task(help={**READS, "image": IMAGE, "version": NEWEST})
def evidence_show(
    _context: Context, image: str, version: str = "", env: str = "", json: bool = False
) -> None:
    """Show what was recorded of an image version: documents, digests, who signed."""
    with session_in(env, json) as session:
        from pipeline.execution.commands.evidence import show

        show(session, image, version)


@task(iterable=["key"], help={**READS, "what": WHAT, "version": NEWEST, "key": KEY})
def evidence_verify(
    _context: Context,
    what: str,
    version: str = "",
    key: list[str] | None = None,
    env: str = "",
    json: bool = False,
) -> None:
    """Verify the evidence of an image version, or an attestation in a file."""
    with session_in(env, json) as session:
        from pipeline.execution.commands.evidence import verify

        verify(session, what, version, tuple(key or ()))


@task(help={**READS, "image": IMAGE, "version": NEWEST, "to": TO})
def evidence_export(
    _context: Context,
    image: str,
    version: str = "",
    to: str = "",
    env: str = "",
    json: bool = False,
) -> None:
    """Write the evidence of an image version into a folder, to verify with other tools."""
    with session_in(env, json) as session:
        from pipeline.execution.commands.evidence import export_to

        export_to(session, image, version, to)


evidence = Collection("evidence")
evidence.add_task(evidence_show, "show")
evidence.add_task(evidence_verify, "verify")
evidence.add_task(evidence_export, "export")
