"""Whether Azure would boot and publish what is about to be baked: told before the bake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.advice import Advice, AdviceList, Shell, create_environment
from pipeline.definition.given import KNOWN
from pipeline.definition.model import TRUSTED_LAUNCH, Environment, Image
from pipeline.errors import Refused
from pipeline.planning import security, windows
from pipeline.planning.build.packer_variables import IN_A_GROUP_THAT_IS_THERE
from pipeline.planning.hardware import Size, unable
from pipeline.planning.names import gallery_id, image_definition_id
from pipeline.planning.traits import Traits

PLAN_VARIABLES = frozenset({"base_plan_publisher", "base_plan_product", "base_plan_name"})
"""What a template of a base that is bought is given, for its block `plan_info`."""


def refuse_unpublishable(image: Image, environment: Environment, definition: Traits) -> None:
    """Raises Refused where the image definition takes no version from a machine of this image.

    Also where its template could not publish it as the environment says.
    """
    if untold := list(_untold(image, environment)):
        raise Refused("\n".join(untold))
    if wrong := security.takes_no_bake(image.security_type, definition.security_type):
        raise Refused(
            f"{image_definition_id(environment, image.name)}: {wrong}; {security.WAYS_OUT}",
            advice=_anew(image, environment),
        )


def _untold(image: Image, environment: Environment) -> Iterator[str]:
    """What the environment says of a bake or a version, and no variable of the template learns.

    And what Packer does not bake as the environment says.
    """
    replication, template = environment.replication, image.template.name
    where = f"environments.hcl: environment {environment.name}"
    places = {reference: replication.place(reference) for reference in replication.known}
    if gallery_id(environment).subscription.lower() != environment.subscription.lower():
        places["gallery.subscription"] = where
    if environment.build_resource_group:
        where = f"{where}: build_resource_group"
        places |= dict.fromkeys(IN_A_GROUP_THAT_IS_THERE, where)
    if wrong := windows.leaves_a_vault(image, environment):
        yield f"environments.hcl: environment {environment.name}: {wrong}"
    for reference, place in places.items():
        variable, key = KNOWN[reference], reference.rpartition(".")[2]
        if variable not in image.told:
            yield (
                f"{place}: {key}: template {template} of {image.name} declares no variable"
                f" {variable}: add it, and give it to the source"
            )


def refuse_unfit(
    image: Image,
    environment: Environment,
    base: Traits,
    definition: Traits,
    sizes: Mapping[str, Size | None],
) -> None:
    """Raises Refused, with all that is wrong, where the base does not go with the rest.

    That is the image definition, the template, the security type and the sizes: None is one that
    the region does not offer, and one that is not among them could not be looked at.
    """
    unlike = list(_unlike(image, environment, base, definition))
    wrong = [*unlike, *_unbakeable(image, base), *_unbootable(image, environment, base, sizes)]
    if wrong:
        advice = _anew(image, environment) if unlike else ()
        raise Refused("\n".join(f"{where}: {what}" for where, what in wrong), advice=advice)


def _unlike(
    image: Image, environment: Environment, base: Traits, definition: Traits
) -> Iterator[tuple[str, str]]:
    """Azure takes a version only of what its definition says (troubleshooting-shared-images)."""
    resource = image_definition_id(environment, image.name)
    compared = (
        ("generation", base.generation, definition.generation),
        ("architecture", base.architecture, definition.architecture),
        ("plan", str(base.plan or "none"), str(definition.plan or "none")),
        ("operating system", base.os, definition.os),
    )
    for what, has, takes in compared:
        if has.lower() != takes.lower():
            yield (
                image.base.at,
                f"the {what} of the base {image.base} is {has}, and {resource} takes versions of"
                f" {takes}; choose another base, or give the image another name",
            )


def _unbakeable(image: Image, base: Traits) -> Iterator[tuple[str, str]]:
    if unlike := windows.unlike_base(image, base.os):
        yield image.base.at, unlike
    if wrong := security.boots_no_bake(image.security_type, base.security_type):
        right = "choose another base, or another security_type"
        yield image.base.at, f"the base {image.base}: {wrong}; {right}"
    missing = sorted(PLAN_VARIABLES - image.told) if base.plan else []
    if missing:
        yield (
            image.base.at,
            f"the base {image.base} is bought with the plan {base.plan}, and template"
            f" {image.template.name} declares no {' and no '.join(missing)}: give them to plan_info"
            " { ... } of its source",
        )


def _unbootable(
    image: Image, environment: Environment, base: Traits, sizes: Mapping[str, Size | None]
) -> Iterator[tuple[str, str]]:
    keys = {"build.size": image.build_size}
    if image.scale_set.capacity:
        keys["scale_set.sku"] = image.scale_set.sku
    is_trusted = image.security_type == TRUSTED_LAUNCH
    for key, name in keys.items():
        where = f"images/{image.name}/image.hcl: {key}"
        size = sizes.get(name)
        if name in sizes and size is None:
            yield where, f"{name} is not offered in {environment.location}; choose another size"
        elif size is not None and size.restriction:
            why = f"{name} is restricted in {environment.location}: {size.restriction}"
            yield where, f"{why}; choose another size"
        elif size is not None:
            for what in unable(base, size, is_trusted=is_trusted):
                yield where, f"{what}; choose another size, or another base"


def _anew(image: Image, environment: Environment) -> AdviceList:
    definition = image_definition_id(environment, image.name)
    delete = Shell(f"az sig image-definition delete --ids {definition}")
    return (
        Advice("delete it, once it has no versions", delete),
        Advice("create it again", create_environment()),
    )
