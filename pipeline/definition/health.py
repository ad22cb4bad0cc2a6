"""Reading the `health` block of an image, and what a load balancer wants of an image."""

from __future__ import annotations

from pipeline.definition import rules
from pipeline.definition.balancing import (
    ALL,
    BINARY,
    JSON,
    NOWHERE,
    RICH,
    TCP,
    TEXT,
    Health,
    RulePair,
)
from pipeline.definition.model import Image
from pipeline.definition.reading import Section

NO_HEALTH = Health("http", 0)
"""Of an image that no load balancer serves, such as a base of others."""


def read_health(section: Section) -> Health:
    """The health page, or the port that is open when an instance is well; NO_HEALTH without it."""
    if section.is_absent:
        return NO_HEALTH
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
        check=section.maybe("check"),
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


def check_served(section: Section, pairs: tuple[RulePair, ...], image: Image) -> None:
    """Report what an image lacks that a load balancer is to serve, and a page it does not lead to.

    A page that tells the version is of use only where a rule leads to it.
    """
    health = image.health
    there = {"scale_set": image.scale_set.capacity, "health": health.port}
    for block in [block for block, is_there in there.items() if not is_there]:
        what = f"image {image.name}, which load_balancer {section.label} serves, has no {block}"
        section.mistake(section.line_of("image"), what, f"add a block to it: {block} {{ ... }}")
    ports = [pair.backend_port or pair.protocol == ALL for pair in pairs]
    if not health.port or not all(ports) or health.version == NOWHERE:
        return
    if not any(pair.leads_to(health) for pair in pairs):
        what = f"no rule of load_balancer {section.label} leads to the health page of {image.name}"
        right = (
            f'one needs backend_port = {health.port}, or health version = "{NOWHERE}" in the image:'
            " then no promotion proves which version answers"
        )
        section.mistake(section.line, what, right)
