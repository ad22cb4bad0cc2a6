"""Writing the verdict of a check on its version, with what earlier checks said of it."""

from __future__ import annotations

from pipeline.errors import AzureRefused
from pipeline.execution.azure.requests import patch, put
from pipeline.execution.azure.versions import end_of_life
from pipeline.execution.build import flaky
from pipeline.execution.claims.numbers import use
from pipeline.execution.patience import GALLERY, copying
from pipeline.execution.run.work import Work
from pipeline.planning.build import definition_body, version_body
from pipeline.planning.build.packer_variables import publishing_hours
from pipeline.planning.build.steps import MarkVersion
from pipeline.planning.flaky import Checked, with_verdict
from pipeline.planning.names import Check, Tag, image_definition_id, image_version_id


def mark_version(step: MarkVersion, work: Work) -> None:
    """The verdict on the version. Before it can be staged, its number is used up for good."""
    environment = work.azure.environment
    version = image_version_id(environment, step.image, step.version)
    body = work.azure.get(version)
    if body is None:
        raise AzureRefused(str(version), "ResourceNotFound", "it is gone since it was checked")
    definition = image_definition_id(environment, step.image)
    used = definition_body.used(work.azure.get(definition) or {}, step.version)
    work.send(patch(definition, used), GALLERY)
    use(work.session, step.image, step.version, work.run.id)
    tags = body.get("tags") or {}
    verdict = Check.PASSED if step.passed else Check.FAILED
    checked = Checked(verdict, work.run.id, flaky.checks_of(work.session, step.image))
    history = with_verdict(str(tags.get(Tag.CHECK_HISTORY, "")), checked)
    wanted = version_body.marked(
        body,
        passed=step.passed,
        replicas=step.replicas,
        end_of_life=end_of_life(body, step.end_of_life),
        history=history,
        evidence=work.run.evidence if step.passed else "",
    )
    patience = copying(publishing_hours(environment)) if step.replicas else GALLERY
    work.send(put(version, wanted), patience)
    if words := flaky.told(work.session, f"{step.image} {step.version}", history):
        work.session.output.say(words)
