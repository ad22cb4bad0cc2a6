"""Which plugin is taken, and each version in a folder of its own."""

from __future__ import annotations

import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.setup import packer, plugin
from pipeline.setup.places import Places
from pipeline.setup.reporting import SetupError

PluginScript = Callable[[Path, str], Path]


def test_the_newest_installed_plugin_is_taken_by_number_and_not_by_spelling(
    tmp_path: Path, packer_script: Callable[..., Path]
) -> None:
    names = [f"/p/packer-plugin-azure_v{v}_x5.0_linux_amd64" for v in ("2.9.0", "2.10.0", "1.4.5")]
    core = packer_script(tmp_path / "packer", installed=tuple(map(Path, names)))

    assert plugin.find_installed(core) == Path(names[1])


def test_a_plugin_older_than_our_templates_can_use_is_passed_by(
    tmp_path: Path, packer_script: Callable[..., Path]
) -> None:
    old = Path("/p/packer-plugin-azure_v1.4.4_x5.0_linux_amd64")

    assert plugin.find_installed(packer_script(tmp_path / "packer", installed=(old,))) is None


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "xz"])
def test_a_given_plugin_is_made_into_a_program(
    places: Places,
    plugin_script: PluginScript,
    monkeypatch: pytest.MonkeyPatch,
    packed: bool,
) -> None:
    named = plugin_script(places.cache / "downloaded", "2.6.3")
    if packed:
        content = named.read_bytes()
        named = named.with_suffix(".xz")
        named.write_bytes(lzma.compress(content))
    monkeypatch.setenv("BAKESWAP_PACKER_PLUGIN", str(named))

    binary = plugin.given(places)

    assert binary is not None
    assert binary.is_relative_to(places.cache)
    assert plugin.version_of(binary) == "2.6.3"
    assert plugin.given(places) == binary


def test_a_given_plugin_that_is_not_there_is_named_with_its_variable(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKESWAP_PACKER_PLUGIN", "/nowhere/plugin.xz")

    with pytest.raises(SetupError, match=r"BAKESWAP_PACKER_PLUGIN=/nowhere/plugin\.xz"):
        plugin.given(places)


def test_something_that_is_no_plugin_is_not_installed(
    places: Places, script: Callable[[Path, str], Path]
) -> None:
    binary = script(places.cache / "given", "echo hello")

    with pytest.raises(SetupError, match="not a Packer plugin that runs on this machine"):
        plugin.install(binary, places)

    assert not places.packer_share.exists()


def test_each_version_gets_a_folder_and_one_is_the_default(
    places: Places,
    packer_script: Callable[..., Path],
    plugin_script: PluginScript,
    default_version: Callable[[], str],
) -> None:
    packer.link(packer_script(places.cache / "packer"), places)
    old = plugin.install(plugin_script(places.cache / "old", "1.4.5"), places)
    new = plugin.install(plugin_script(places.cache / "new", "2.6.3"), places)
    plugin.make_default(new, places)
    plugin.make_default(old, places)

    assert [old.name, new.name] == ["plugins-1.4.5", "plugins-2.6.3"]
    assert default_version() == "1.4.5"
    assert plugin.in_place(places)
    assert {each.name for each in places.packer_share.iterdir()} == {
        "plugins",
        "plugins-1.4.5",
        "plugins-2.6.3",
    }
