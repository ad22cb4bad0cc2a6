"""Plugins that templates require: where they are had from, and what is said when they are not."""

from __future__ import annotations

import json
import lzma
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.setup import commands, golang, required
from pipeline.setup.places import REPOSITORY, Places
from pipeline.setup.reporting import Reporter, SetupError
from tests.setup.conftest import Script

MODULE = "github.com/shop/packer-plugin-notes"
SOURCE = "github.com/shop/notes"

PACKER = """
case "$1 $2 $3" in
  "plugins install --path")
    version=$("$4" describe | sed 's/.*"version": *"\\([^"]*\\)".*/\\1/')
    mkdir -p "$PACKER_PLUGIN_PATH/$5"
    cp "$4" "$PACKER_PLUGIN_PATH/$5/packer-plugin-notes_v${version}_x5.0_linux_amd64" ;;
  "plugins install github.com/shop/notes")
    [ -n "$VENDOR" ] || exit 1
    mkdir -p "$PACKER_PLUGIN_PATH/$3"
    cp "$VENDOR" "$PACKER_PLUGIN_PATH/$3/packer-plugin-notes_v1.2.0_x5.0_linux_amd64"
    touch "$PACKER_PLUGIN_PATH/$3/packer-plugin-notes_v1.2.0_x5.0_linux_amd64_SHA256SUM" ;;
  *) exit 1 ;;
esac
"""

MAIN = """\
package main

import (
	"fmt"
	"github.com/shop/packer-plugin-notes/version"
)

func main() {
	fmt.Printf("{\\"version\\": \\"%s%s\\"}", version.Version, version.VersionPrerelease)
}
"""


@pytest.fixture
def checkout(places: Places, script: Script, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A checkout whose template requires a plugin, with a vendor that is out of reach."""
    script(places.packer, PACKER)
    places.python.unlink()
    script(places.python, f'exec {sys.executable} "$@"')
    monkeypatch.delenv(required.GIVEN, raising=False)
    monkeypatch.delenv("VENDOR", raising=False)
    for name, value in {
        "GOPROXY": "off",
        "GOFLAGS": "-buildvcs=false -modcacherw",
        "GOSUMDB": "off",
        "GOMODCACHE": str(places.cache / "modules"),
    }.items():
        monkeypatch.setenv(name, value)
    require(places, ">= 1.1.0, < 2.0.0")
    return places


def require(places: Places, version: str) -> None:
    """Let the checkout's template require such a version."""
    folder = places.repository / "packer" / "notes"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "notes.pkr.hcl").write_text(
        "packer {\n  required_plugins {\n"
        '    azure = {\n      source = "github.com/hashicorp/azure"\n    }\n'
        f'    notes = {{\n      source = "{SOURCE}"\n      version = "{version}"\n    }}\n'
        "  }\n}\n"
    )


def installed(places: Places) -> list[str]:
    """The versions of the plugin that Packer would find."""
    folder = places.packer_share / "plugins" / SOURCE
    return sorted(path.name.split("_")[1] for path in folder.glob("packer-plugin-notes_v*"))


def test_templates_without_further_plugins_need_nothing(checkout: Places) -> None:
    for file in (checkout.repository / "packer" / "notes").iterdir():
        file.write_text("locals {}\n")

    required.ensure(checkout, Reporter())

    assert installed(checkout) == []


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "xz"])
def test_a_given_binary_is_taken_first(
    checkout: Places,
    plugin_script: Callable[[Path, str], Path],
    monkeypatch: pytest.MonkeyPatch,
    packed: bool,
) -> None:
    folder = checkout.cache / "downloads"
    plugin_script(folder / "packer-plugin-notes-old", "1.0.0")
    named = plugin_script(folder / "packer-plugin-notes_1.4.0", "1.4.0")
    if packed:
        named.with_suffix(".xz").write_bytes(lzma.compress(named.read_bytes()))
        named.unlink()
        (folder / "packer-plugin-notes-damaged.xz").write_text("no xz")
    monkeypatch.setenv(required.GIVEN, str(folder))

    required.ensure(checkout, Reporter())
    required.ensure(checkout, Reporter())

    assert installed(checkout) == ["v1.4.0"]


def test_the_vendors_release_is_fetched_kept_and_not_asked_for_again(
    checkout: Places, plugin_script: Callable[[Path, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VENDOR", str(plugin_script(checkout.cache / "release", "1.2.0")))
    required.ensure(checkout, Reporter())
    assert installed(checkout) == ["v1.2.0"]

    monkeypatch.delenv("VENDOR")
    for file in (checkout.packer_share / "plugins" / SOURCE).iterdir():
        file.unlink()
    required.ensure(checkout, Reporter())
    assert installed(checkout) == ["v1.2.0"]


def test_a_release_that_will_not_do_is_refused(
    checkout: Places, plugin_script: Callable[[Path, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VENDOR", str(plugin_script(checkout.cache / "release", "3.0.0")))

    with pytest.raises(
        SetupError, match=r"notes\.pkr\.hcl:6: .* became packer-plugin-notes 3\.0\.0"
    ):
        required.ensure(checkout, Reporter())


def test_without_any_way_the_template_is_named_with_all_that_was_tried(
    checkout: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_or_skip(checkout, monkeypatch)
    monkeypatch.setenv(required.GIVEN, "/nowhere")

    with pytest.raises(SetupError) as caught:
        required.ensure(checkout, Reporter())

    told = str(caught.value)
    assert told.startswith(
        "packer/notes/notes.pkr.hcl:6: no way to github.com/shop/notes >= 1.1.0, < 2.0.0: "
    )
    assert "BAKESWAP_PACKER_PLUGINS=/nowhere has no packer-plugin-notes" in told
    assert "the vendor's releases cannot be reached" in told
    assert f"its Go module 1.1.0: {MODULE}@v1.1.0: module lookup disabled by GOPROXY=off" in told
    assert "BAKESWAP_PACKER_PLUGINS=FOLDER make setup" in told


def test_a_plugin_is_built_from_its_go_module_in_the_newest_version_that_will_do(
    checkout: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_or_skip(checkout, monkeypatch)
    proxy = go_proxy(checkout.cache / "proxy", "1.1.0", "1.3.0", "2.0.0")
    monkeypatch.setenv("GOPROXY", f"file://{proxy}")

    required.ensure(checkout, Reporter())

    assert installed(checkout) == ["v1.3.0"]
    require(checkout, "= 1.1.0")
    required.ensure(checkout, Reporter())
    assert installed(checkout) == ["v1.1.0", "v1.3.0"]


def test_a_proxy_that_lists_nothing_is_asked_for_the_versions_that_are_named(
    checkout: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_or_skip(checkout, monkeypatch)
    proxy = go_proxy(checkout.cache / "proxy", "1.1.0", "1.3.0")
    (proxy / MODULE / "@v" / "list").unlink()
    monkeypatch.setenv("GOPROXY", f"file://{proxy}")

    required.ensure(checkout, Reporter())

    assert installed(checkout) == ["v1.1.0"]
    require(checkout, "> 1.1.0")
    with pytest.raises(SetupError, match=r"lists no \S+/packer-plugin-notes, and > 1"):
        for file in (checkout.packer_share / "plugins" / SOURCE).iterdir():
            file.unlink()
        required.ensure(checkout, Reporter())


@pytest.mark.parametrize(("version", "source"), [("newest", SOURCE), ("1.0.0", "notes")])
def test_what_names_no_plugin_is_told_by_file_and_line(
    checkout: Places, version: str, source: str
) -> None:
    require(checkout, version)
    file = checkout.repository / "packer" / "notes" / "notes.pkr.hcl"
    file.write_text(file.read_text().replace(SOURCE, source))

    with pytest.raises(SetupError, match=r"packer/notes/notes\.pkr\.hcl:6: .* is no plugin"):
        required.ensure(checkout, Reporter())


def test_templates_that_cannot_be_read_are_told_of(checkout: Places, script: Script) -> None:
    script(checkout.python, "exit 3")

    with pytest.raises(SetupError, match="could not be read"):
        required.ensure(checkout, Reporter())


def test_packer_may_refuse_a_binary(
    checkout: Places,
    script: Script,
    plugin_script: Callable[[Path, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plugin_script(checkout.cache / "downloads" / "packer-plugin-notes", "1.4.0")
    monkeypatch.setenv(required.GIVEN, str(checkout.cache / "downloads"))
    script(checkout.packer, "exit 1")

    with pytest.raises(SetupError, match=r"notes\.pkr\.hcl:6: Packer refuses"):
        required.ensure(checkout, Reporter())


def test_what_the_projects_templates_require_is_read_by_a_program() -> None:
    command = [sys.executable, "-m", "pipeline.required_plugins", str(REPOSITORY)]
    assert commands.output_of(command, {"PYTHONPATH": str(REPOSITORY)}) == ""


def go_or_skip(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Go that is here already; none is fetched for a test."""
    go = next(
        (
            go
            for go in (WHOLE_PATH_GO, golang.USUAL_PLACE)
            if go and golang.version_of(go) >= golang.OLDEST
        ),
        None,
    )
    if go is None:
        pytest.skip("no Go here")
    monkeypatch.setenv("PATH", f"{go.parent}:/usr/bin:/bin")


WHOLE_PATH_GO = commands.find("go")


def go_proxy(folder: Path, *versions: str) -> Path:
    """A module proxy in a folder, as `GOPROXY=file://` reads it."""
    place = folder / MODULE / "@v"
    place.mkdir(parents=True)
    for version in versions:
        files = {
            "go.mod": f"module {MODULE}\n\ngo 1.21\n",
            "main.go": MAIN,
            "version/version.go": (
                f'package version\n\nvar (\n\tVersion = "{version}"\n'
                '\tVersionPrerelease = "-dev"\n)\n'
            ),
        }
        (place / f"v{version}.info").write_text(json.dumps({"Version": f"v{version}"}))
        (place / f"v{version}.mod").write_text(files["go.mod"])
        with zipfile.ZipFile(place / f"v{version}.zip", "w") as archive:
            for name, text in files.items():
                archive.writestr(f"{MODULE}@v{version}/{name}", text)
    (place / "list").write_text("".join(f"v{version}\n" for version in versions))
    assert os.access(place, os.R_OK)
    return folder
