"""All that is looked at before the first bake: the rules of a pre-flight, and some of its own.

Nothing here is about one version: `preflight` looks at that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from pipeline.advice import Advice, Shell, create_environment, doctor
from pipeline.arm import ResourceId
from pipeline.definition.model import PUBLIC, Environment
from pipeline.errors import Refused
from pipeline.planning.build.access import VARIABLE, doubts, making_group, unusable_group
from pipeline.planning.doctor.facts import Azure, Elsewhere, Examination, Programs, Thing
from pipeline.planning.names import gallery_id
from pipeline.planning.plugin import OLDEST_PACKER, bring, dotted, install, too_old
from pipeline.planning.preflight.facts import Facts, Unknown
from pipeline.planning.preflight.finding import Finding, az, failed, known, ok, warning
from pipeline.planning.preflight.preflight import findings as findings_of_a_stage
from pipeline.planning.preflight.preflight import rows
from pipeline.planning.rights import (
    Permission,
    lacking,
    missing,
    on_builds,
    on_galleries,
    on_load_balancers,
)
from pipeline.planning.table import Table
from pipeline.planning.windows import bring_pywinrm

_NEEDED: Mapping[Thing, Callable[[], tuple[str, ...]]] = {
    "load balancer": on_load_balancers,
    "gallery": on_galleries,
    "builds": on_builds,
}
SHOWN = 3
"""How many operations that no role allows fit a line."""
_HEADINGS = ("check", "result", "what was found")


def findings(seen: Examination) -> tuple[Finding, ...]:
    """Everything that was looked at, this machine first."""
    found = [*_programs(seen), *_winrm(seen), *_access(seen)]
    found += [one.finding for one in seen.looked]
    if isinstance(seen.azure, Unknown):
        found.append(_signed_out(seen.environment, seen.azure.why))
    else:
        found += [ok("sign-in", f"{seen.environment.cloud.resource_manager} answers")]
        found += _of_azure(seen.environment, seen.azure, with_windows=bool(seen.windows))
    return tuple(dict.fromkeys(found))


def healthy(environment: Environment, found: Iterable[Finding]) -> None:
    """Raises Refused with a line and the commands of each finding that is `FAILED`."""
    failures = [one for one in found if one.result == "FAILED"]
    if failures:
        lines = (f"environment {environment.name} is not ready", *(str(one) for one in failures))
        commands = dict.fromkeys(advice for one in failures for advice in one.advice)
        again = Advice("look again", doctor())
        raise Refused("\n".join(lines), advice=(*commands, again))


def table(found: Iterable[Finding]) -> Table:
    """One row for each finding."""
    return Table(_HEADINGS, rows(found))


def twice(facts: Facts) -> Facts:
    """The facts of an image for whom a second scale set as large as the first is to stand."""
    sets = facts.scale_sets
    serving = [one.capacity for one in sets if one.is_serving] if isinstance(sets, tuple) else []
    one = max(serving, default=0)
    added = one or 2 * facts.wanted.image.scale_set.capacity
    return replace(facts, wanted=replace(facts.wanted, added=added))


def _programs(seen: Examination) -> Iterator[Finding]:
    if isinstance(seen.programs, Unknown):
        setup = Advice("install Packer and its plugin", Shell(bring()))
        yield failed("packer", seen.programs.why, "install both", setup)
        return
    yield from _versions(seen.environment, seen.programs)


def _versions(environment: Environment, found: Programs) -> Iterator[Finding]:
    named = f"Packer {dotted(found.packer)}"
    if found.packer < OLDEST_PACKER:
        setup = Advice("install a newer one", Shell(bring()))
        yield failed("packer", f"{named} is too old", f"{dotted(OLDEST_PACKER)} is needed", setup)
    elif wrong := too_old(found.plugin, environment):
        newer = Advice("install a newer one", Shell(install()))
        yield failed("packer", f"{named}: {wrong}", "install a newer one", newer)
    else:
        yield ok("packer", f"{named} with the Azure plugin {dotted(found.plugin)}")


def _winrm(seen: Examination) -> Iterator[Finding]:
    images = ", ".join(seen.windows)
    if not seen.windows:
        return
    if seen.has_winrm:
        yield ok("winrm", f"pywinrm is here, for the checks of {images}")
    else:
        what = f"{images} is checked over WinRM, and pywinrm is not here"
        bringing = Advice("install it", Shell(bring_pywinrm()))
        yield failed("winrm", what, "install it", bringing)


def _access(seen: Examination) -> Iterator[Finding]:
    environment = seen.environment
    for doubt in doubts(environment, seen.has_way):
        yield warning("access", doubt)
    if environment.access == PUBLIC and not seen.runner:
        what = 'access = "public" admits one address, and none is known'
        yield failed("access", what, f"set runner_address, or {VARIABLE} for each run")
    elif environment.access == PUBLIC:
        yield ok("access", f"machines of bakes and checks admit {seen.runner} alone")


def _signed_out(environment: Environment, why: str) -> Finding:
    sign_in = az("sign in", f"login --tenant {environment.tenant}")
    where = environment.cloud.resource_manager
    return failed("sign-in", f"{where}: {why}", "sign in, then look again", sign_in)


def _of_azure(environment: Environment, azure: Azure, *, with_windows: bool) -> Iterator[Finding]:
    others = azure.namesakes
    rights = partial(_rights, environment, with_windows=with_windows)
    yield from known("rights", azure.permissions, rights)
    for other in azure.elsewhere:
        yield from known("rights", other.permissions, partial(_rights_in, other))
    yield from known("resource group", azure.has_group, lambda found: _group(environment, found))
    if environment.build_resource_group:
        where = partial(_build_group, environment)
        yield from known("build group", azure.build_group, where)
    yield from known(
        "gallery", azure.has_gallery, lambda found: _gallery(environment, found, others)
    )
    yield from (one.finding for one in azure.looked)
    for facts in azure.images:
        yield from findings_of_a_stage(twice(facts))


def _rights(
    environment: Environment, roles: tuple[Permission, ...], *, with_windows: bool
) -> Iterator[Finding]:
    scope = f"/subscriptions/{environment.subscription}"
    is_public, has_place = environment.access == PUBLIC, bool(environment.build_resource_group)
    found = list(
        missing(
            roles,
            with_public=is_public,
            with_groups=not has_place,
            with_windows=with_windows,
        )
    )
    for purpose, operations in found:
        hidden = len(operations) - SHOWN
        more = f" and {hidden} more" if hidden > 0 else ""
        yield failed(
            "rights",
            f"no role allows {', '.join(operations[:SHOWN])}{more}, for {purpose.what}",
            "give the identity the role of docs/permissions.md",
            az("give it", f"role assignment create --role bakeswap --assignee ID --scope {scope}"),
        )
    if not found:
        yield ok("rights", f"all operations of docs/permissions.md are allowed in {scope}")


def _rights_in(other: Elsewhere, roles: tuple[Permission, ...]) -> Iterator[Finding]:
    """Of what somebody else has, in its resource group; a gallery that only reads is no failure."""
    scope, needed = other.scope, _NEEDED[other.thing]()
    not_allowed = lacking(roles, needed)
    right = "give the identity the role of docs/permissions.md there"
    give = az("give it", f"role assignment create --role bakeswap --assignee ID --scope {scope}")
    named = f"no role allows {', '.join(not_allowed[:SHOWN])} in {scope}, for its {other.thing}"
    if not not_allowed:
        yield ok("rights", f"all that its {other.thing} needs is allowed in {scope}")
    elif other.thing == "gallery" and not any(one.endswith("/read") for one in not_allowed):
        what = f"{named}: versions can be staged from it, and neither baked nor marked"
        yield warning("rights", what, right, give)
    else:
        yield failed("rights", named, right, give)


def _group(environment: Environment, is_there: bool) -> Iterator[Finding]:
    if is_there:
        yield ok("resource group", f"{environment.resource_group} is there")
    else:
        what = f"{environment.resource_group} does not exist"
        create = Advice("create the environment", create_environment())
        yield failed("resource group", what, "create the environment", create)


def _build_group(environment: Environment, location: str) -> Iterator[Finding]:
    name = environment.build_resource_group
    if wrong := unusable_group(environment, location):
        advice = () if location else (making_group(environment),)
        yield failed("build group", wrong, "name a group in the environment's region", *advice)
    else:
        yield ok("build group", f"{name} is there, in {location}")


def _gallery(
    environment: Environment, is_there: bool, namesakes: Iterable[ResourceId]
) -> Iterator[Finding]:
    name = environment.gallery.name
    others = ", ".join(str(one) for one in namesakes)
    if is_there:
        yield ok("gallery", f"{name} is there")
    elif others:
        what = f"the name {name} is taken in the subscription, by {others}"
        yield failed("gallery", what, "give gallery.name in environments.hcl another name")
    elif not environment.gallery.managed:
        what = f"{gallery_id(environment)} does not exist, and is not managed here"
        yield failed("gallery", what, "have its owner create it")
    else:
        create = Advice("create the environment", create_environment())
        yield failed("gallery", f"{name} does not exist", "create the environment", create)
