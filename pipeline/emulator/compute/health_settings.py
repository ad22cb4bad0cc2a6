"""The settings of the Application Health extension, as people write them."""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.errors import invalid_parameter
from pipeline.emulator.compute.health import Settings
from pipeline.emulator.compute.wording import missing

_PROTOCOLS = frozenset({"http", "https", "tcp"})


def of_extension(properties: dict[str, Any]) -> Settings:
    """How the extension probes; its version 2 knows rich states. Raises ArmError."""
    is_rich = str(properties.get("typeHandlerVersion", "1.0")).startswith("2")
    return of_settings(properties.get("settings") or {}, is_rich)


def of_settings(given: dict[str, Any], is_rich: bool) -> Settings:
    """The same from its `settings`, or from a load balancer probe's properties."""
    protocol, port = str(given.get("protocol") or "").lower(), given.get("port")
    if protocol not in _PROTOCOLS:
        raise invalid_parameter(
            "protocol", "The protocol of application health must be http, https or tcp."
        )
    if not port:
        raise missing("settings.port")
    interval = float(_number(given, "intervalInSeconds") or 5)
    probes = int(_number(given, "numberOfProbes") or 1)
    return Settings(
        protocol=protocol,
        port=int(_number(given, "port")),
        path=str(given.get("requestPath") or "/"),
        interval=interval,
        probes=probes,
        grace=float(_number(given, "gracePeriod") or interval * probes),
        rich=is_rich,
    )


def _number(given: dict[str, Any], name: str) -> float:
    """A number; clients also send it as text."""
    try:
        return float(given.get(name) or 0)
    except (TypeError, ValueError) as error:
        raise invalid_parameter(name, f"The value of '{name}' is not a number.") from error
