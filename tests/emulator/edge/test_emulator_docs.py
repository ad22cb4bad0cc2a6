"""The emulator's page says what is served, and nothing else."""

from __future__ import annotations

import re

from pipeline.emulator.resources.functions import FUNCTIONS
from tests.conftest import ROOT, Emulator

PAGE = (ROOT / "docs" / "emulator.md").read_text()
NEED_THE_DEPLOYMENT = {
    "deployment",
    "if",
    "parameters",
    "providers",
    "reference",
    "resourcegroup",
    "resourceid",
    "subscription",
    "variables",
}


def test_every_served_type_is_on_the_page(emulator: Emulator) -> None:
    providers = emulator.call("GET", f"/subscriptions/{emulator.subscription}/providers").body
    for provider in providers["value"]:
        for kind in provider["resourceTypes"]:
            last = kind["resourceType"].split("/")[-1]
            assert re.search(rf"[/`]{last}`", PAGE), kind["resourceType"]


def test_every_template_function_is_on_the_page_and_no_other() -> None:
    listed = PAGE.split("Functions:")[1].split("No copy loops")[0]
    named = {name.lower() for name in re.findall(r"`(\w+)`", listed)}
    assert named == set(FUNCTIONS) | NEED_THE_DEPLOYMENT


def test_every_route_of_the_admin_api_is_on_the_page() -> None:
    source = (ROOT / "pipeline" / "emulator" / "edge" / "admin.py").read_text()
    routes = set(re.findall(r'"emulator", ((?:"\w+"(?: \| )?)+)', source))
    named = {name for route in routes for name in re.findall(r"\w+", route)}
    assert named == set(re.findall(r"/emulator/(\w+)", PAGE))
