"""Whether the version may be staged, is there, and boots on the size.

Azure's sentences for each refusal: the gallery's and Trusted Launch's pages of its documentation.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.advice import Advice, build_image, check_image, create_environment
from pipeline.definition.model import TRUSTED_LAUNCH
from pipeline.planning import security, windows
from pipeline.planning.hardware import Size, unable
from pipeline.planning.names import image_definition_id, image_version_id
from pipeline.planning.preflight.facts import Facts, Replica, Unknown, Version
from pipeline.planning.preflight.finding import Finding, az, failed, known, ok
from pipeline.planning.preflight.shape import shape_findings
from pipeline.planning.preflight.wanted import Wanted
from pipeline.planning.traits import Traits

COMPLETED = "Completed"


def image_findings(facts: Facts) -> Iterator[Finding]:
    """Of the version, its copy in the region, and the size."""
    wanted = facts.wanted
    of_version = tuple(known("version", facts.version, lambda found: _eligible(wanted, found)))
    if facts.refusal and all(one.result != "FAILED" for one in of_version):
        yield failed("plan", facts.refusal)
    yield from of_version
    yield from known("replication", facts.version, lambda found: _replicated(wanted, found))
    yield from known("size", facts.size, lambda found: _offered(wanted, found))
    yield from known("image", facts.definition, lambda found: _fits(wanted, found, facts.size))


def _eligible(wanted: Wanted, found: Version | None) -> Iterator[Finding]:
    name = f"{wanted.image.name} {wanted.version}"
    image = wanted.image.name
    if not wanted.version:
        return  # the refusal of a plan says why there is none
    if found is None:
        command = Advice("build a version", build_image(image))
        yield failed("version", f"{name} is not in {wanted.environment.gallery.name}", "", command)
    elif found.image_version.is_eligible:
        yield ok("version", f"{name} passed its check")
    else:
        command = Advice("check it", check_image(image, wanted.version))
        yield failed("version", f"{name}: {found.image_version.why_not_eligible()}", "", command)


def _replicated(wanted: Wanted, found: Version | None) -> Iterator[Finding]:
    if found is None:
        return
    replica = found.replicas.get(wanted.location)
    if replica is None:
        yield _elsewhere(wanted, found)
    elif replica.state == COMPLETED:
        yield ok("replication", f"{wanted.version} is in {wanted.location}")
    else:
        yield _on_its_way(wanted, replica)


def _elsewhere(wanted: Wanted, found: Version) -> Finding:
    where = ", ".join(sorted(found.replicas)) or "no region"
    version = image_version_id(wanted.environment, wanted.image.name, wanted.version)
    add = f"--add publishingProfile.targetRegions name={wanted.location}"
    return failed(
        "replication",
        f"{wanted.version} is in {where}, not in {wanted.location}",
        "replicate it, which takes up to hours",
        az("replicate it", f"sig image-version update --ids {version} {add}"),
    )


def _on_its_way(wanted: Wanted, replica: Replica) -> Finding:
    fix = "wait until it is there, then run the same command again"
    if replica.state == "Failed":
        fix = "build the image again"
    what = f"{wanted.version} in {wanted.location}: {replica.state}, {replica.progress} %"
    return failed("replication", what, fix)


def _offered(wanted: Wanted, found: Size | None) -> Iterator[Finding]:
    where = f"in {wanted.location}"
    others = az("list what is", f"vm list-skus --location {wanted.location} --output table")
    fix = "choose another size in image.hcl, or ask Microsoft for access to this one"
    if found is None:
        yield failed("size", f"{wanted.size} is not offered {where}", fix, others)
    elif found.restriction:
        why = f"{wanted.size} is restricted {where}: {found.restriction}"
        yield failed("size", why, fix, others)
    else:
        yield ok("size", f"{found.name} is offered {where}, {found.cores} vCPUs each")
        yield from shape_findings(wanted, found)


def _fits(wanted: Wanted, found: Traits | None, size: Size | Unknown | None) -> Iterator[Finding]:
    if found is None:
        name = image_definition_id(wanted.environment, wanted.image.name)
        create = Advice("create it", create_environment())
        yield failed("image", f"{name}: does not exist", "create it", create)
        return
    unable = _hardware(wanted, found, size) if isinstance(size, Size) else ()
    mismatches = [*_security(wanted, found), *unable]
    yield from (failed("image", what, fix) for what, fix in mismatches)
    if not mismatches:
        kind = f"{found.generation}, {found.architecture}, {found.security_type or 'Standard'}"
        yield ok("image", f"{kind} fits {wanted.size}")


def _security(wanted: Wanted, image: Traits) -> Iterator[tuple[str, str]]:
    """A definition may make only what image.hcl does not ask for."""
    if unlike := windows.unlike_definition(wanted.image, image.os):
        yield unlike, windows.ANOTHER_NAME
    if wrong := security.makes_no_set(wanted.image.security_type, image.security_type):
        yield wrong, security.WAYS_OUT


def _hardware(wanted: Wanted, image: Traits, size: Size) -> Iterator[tuple[str, str]]:
    another = "choose another size in image.hcl, or build for this one"
    is_trusted = wanted.image.security_type == TRUSTED_LAUNCH
    for what in unable(image, size, is_trusted=is_trusted):
        yield what, another
    if size.disk_controllers == {"NVMe"} and "NVMe" not in image.disk_controllers:
        yield (
            f"{size.name} has NVMe disks only, and the definition does not name NVMe",
            "add DiskControllerTypes `SCSI, NVMe` to the definition's features",
        )
