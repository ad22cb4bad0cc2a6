"""Reading the `health` block of an image."""

from __future__ import annotations

from pipeline.definition import rules
from pipeline.definition.balancing import BINARY, JSON, NOWHERE, RICH, TCP, TEXT, Health
from pipeline.definition.reading import Section


def read_health(section: Section) -> Health:
    """The health page, or the port that is open when an instance is well."""
    protocol = section.text("protocol", rules.HEALTH_PROTOCOL, default="http")
    is_tcp = protocol == TCP
    path = section.text("path", rules.URL_PATH, default="" if is_tcp else None)
    states = section.text("states", rules.HEALTH_STATES, default=BINARY if is_tcp else RICH)
    told = NOWHERE if states == BINARY else JSON
    version = section.text("version", rules.VERSION_IN, default=told)
    if is_tcp:
        _refuse_of_tcp(section, path, states, version)
    return Health(
        protocol=protocol,
        port=section.number("port", rules.PORT),
        path=path,
        states=BINARY if states == BINARY else RICH,
        version=JSON if version == JSON else TEXT if version == TEXT else NOWHERE,
    )


def _refuse_of_tcp(section: Section, path: str, states: str, version: str) -> None:
    """Report what an open port cannot tell."""
    for key, is_wrong in (
        ("path", bool(path)),
        ("states", states == RICH),
        ("version", version in {JSON, TEXT}),
    ):
        if is_wrong:
            what = f"{key}: a TCP connection has no page that could tell"
            section.mistake(section.line_of(key), what, "remove it")
