"""Extensions of machines and models: what Azure refuses of them, and in which order they run.

Sources: Microsoft's pages of extension sequencing and of the Custom Script extension; the codes of
the refusals are inferred.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pipeline.emulator.arm.errors import invalid_parameter, not_served
from pipeline.emulator.compute import custom_script
from pipeline.emulator.compute.wording import at, is_true, missing
from pipeline.emulator.serialization import dumps

NEEDED = ("publisher", "type", "typeHandlerVersion")
HEALTH = ("microsoft.managedservices", "applicationhealthlinux")
SCRIPT = ("microsoft.azure.extensions", "customscript")


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension with what only its machine may see."""

    name: str
    properties: Mapping[str, Any]
    protected: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def settings(self) -> Mapping[str, Any]:
        """What everybody may see."""
        return self.properties.get("settings") or {}

    @property
    def after(self) -> Sequence[str]:
        """The names of those that must have run before."""
        return self.properties.get("provisionAfterExtensions") or ()

    @property
    def may_fail(self) -> bool:
        """Whether its failure is no failure of the machine."""
        return is_true(self.properties.get("suppressFailures"))

    @property
    def digest(self) -> str:
        """Of what makes it run again when it changes."""
        marks = [self.properties.get(name) for name in ("typeHandlerVersion", "forceUpdateTag")]
        told = dumps([*marks, self.settings, self.protected], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


def kind_of(properties: Mapping[str, Any]) -> tuple[str, str]:
    """Publisher and type, in lower case."""
    return str(properties.get("publisher")).lower(), str(properties.get("type")).lower()


def listed_extensions(profile: dict[str, Any]) -> list[dict[str, Any]]:
    """The extensions of a `virtualMachineProfile`, each with its properties."""
    listed: list[dict[str, Any]] = at(profile, "extensionProfile", "extensions") or []
    for extension in listed:
        if not extension.get("name"):
            raise missing("extensionProfile.extensions.name")
        extension.setdefault("properties", {})
    return listed


def check_extension(properties: Mapping[str, Any]) -> None:
    """Refuse an extension that does not say what it is, and by name what no script can do here."""
    for name in NEEDED:
        if not properties.get(name):
            raise missing(name)
    if kind_of(properties) == SCRIPT:
        version = properties["typeHandlerVersion"]
        if not str(version).startswith("2"):
            raise not_served(f"version '{version}' of the extension 'CustomScript'")
        if properties.get("protectedSettingsFromKeyVault"):
            raise not_served("'protectedSettingsFromKeyVault' of the extension 'CustomScript'")
        check_protected(properties)


def check_protected(properties: Mapping[str, Any]) -> None:
    """Refuse by name protected settings of a script that nothing here can use."""
    if kind_of(properties) == SCRIPT:
        custom_script.check_served(properties.get("protectedSettings") or {})


def check_extensions(profile: dict[str, Any]) -> None:
    """Refuse two of one kind or name, and an order that is none."""
    listed = listed_extensions(profile)
    after: dict[str, list[str]] = {}
    kinds: set[tuple[str, str]] = set()
    for extension in listed:
        name, properties = str(extension["name"]).lower(), extension["properties"]
        check_extension(properties)
        kind = kind_of(properties)
        if name in after or kind in kinds:
            raise invalid_parameter(
                "extensionProfile",
                f"The extension '{extension['name']}' is there twice, by name or by its publisher "
                "and type.",
            )
        kinds.add(kind)
        named = properties.get("provisionAfterExtensions") or []
        after[name] = _lowered(named)
    _check_order(after)


def _check_order(after: dict[str, list[str]]) -> None:
    """Refuse what waits for itself, and what waits for none that is there."""
    wrong = {one for named in after.values() for one in named} - set(after)
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        wrong |= set(error.args[1])
    if wrong:
        raise invalid_parameter(
            "provisionAfterExtensions",
            f"The extensions {', '.join(sorted(wrong))} cannot be provisioned in the order that is "
            "asked for.",
        )


def ordered(extensions: Iterable[Extension]) -> list[Extension]:
    """Each behind those of them that it names, by name without regard to case.

    Their order is one that `check_extensions` has let pass.
    """
    listed = {each.name.lower(): each for each in extensions}
    after = {
        name: [one for one in _lowered(each.after) if one in listed and one != name]
        for name, each in listed.items()
    }
    return [listed[name] for name in TopologicalSorter(after).static_order()]


def _lowered(names: Iterable[Any]) -> list[str]:
    return [str(name).lower() for name in names]


def scripts(extensions: Iterable[Extension]) -> list[Extension]:
    """Those that run in a machine, in their order."""
    return [each for each in ordered(extensions) if kind_of(each.properties) == SCRIPT]
