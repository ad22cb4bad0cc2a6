"""How apt is asked, and what is made of its answers."""

from __future__ import annotations

from dataclasses import replace

from pipeline.planning.packages.answers import Installed, Simulation
from pipeline.planning.packages.asking import Question, conf, files_of, key_of
from pipeline.planning.packages.prediction import first_question, foretold, next_question, without
from pipeline.planning.packages.state import NOTHING, AptState, Snapshot


def installed(*packages: tuple[str, str, str]) -> str:
    """A status file of names, versions and architectures."""
    return "\n".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: {version}\nArchitecture: {arch}\n"
        for name, version, arch in packages
    )


BASE = (("libc6", "1", "amd64"), ("tool", "1", "all"), ("purged", "1", "amd64"))
NOW = (*BASE[:2], ("nginx", "1", "amd64"), ("wine", "1", "i386"), ("own", "7", "amd64"))
STATE = AptState(
    "amd64",
    ("i386",),
    Snapshot(installed(*BASE), "", {"etc/apt/sources.list": "deb http://example.com a main\n"}, {}),
    Snapshot(installed(*NOW), "", {}, {"etc/apt/preferences": "Package: *\n"}),
    {"k/a.gpg": "a2V5"},
)


def test_sources_name_their_keys_and_mirrors_where_they_are_now() -> None:
    text = (
        "deb [signed-by=/k/a.gpg] mirror+file:/etc/apt/mirrors/m.list a main\n"
        "Signed-By: /k/a.gpg\nURIs: mirror+file:///etc/apt/mirrors/m.list\n"
    )
    state = replace(STATE, now=replace(STATE.now, sources={"etc/apt/sources.list": text}))
    files = files_of(state, "/f")
    assert files["root/etc/apt/sources.list"].decode() == (
        "deb [signed-by=/f/root/k/a.gpg] mirror+file:/f/root/etc/apt/mirrors/m.list a main\n"
        "Signed-By: /f/root/k/a.gpg\nURIs: mirror+file:/f/root/etc/apt/mirrors/m.list\n"
    )
    assert files["root/k/a.gpg"] == b"key"
    assert files["root/etc/apt/preferences"] == b"Package: *\n"


def test_images_with_the_same_sources_share_a_folder() -> None:
    other = replace(STATE, now=replace(STATE.now, status=installed(*BASE)))
    assert key_of(STATE) == key_of(other)
    assert key_of(STATE) != key_of(replace(STATE, architecture="arm64"))


def test_hooks_and_architectures_of_this_machine_do_not_count() -> None:
    text = conf(STATE, "/f", "/f/states/1")
    assert '#clear APT::Update::Post-Invoke;' in text  # fmt: skip
    assert 'APT::Architectures { "amd64"; "i386"; };' in text
    assert 'Dir::State::status "/f/states/1/status";' in text


def test_a_bake_is_asked_for_what_it_installed_by_name() -> None:
    asked = first_question(STATE, upgrades=False)
    assert asked.question == Question(("nginx", "own", "wine:i386"))
    assert asked.question.words[-4:] == ("install", "nginx", "own", "wine:i386")
    assert Question((), upgrades=True).words[-1] == "dist-upgrade"


def test_what_no_index_has_is_not_asked_again_and_stays() -> None:
    asked = without(first_question(STATE, upgrades=False), {"own"})
    assert asked.question.packages == ("nginx", "wine:i386")
    answer = Simulation(
        (Installed("nginx", "", "2", "amd64"), Installed("wine", "", "1", "i386")), ()
    )
    assert next_question(STATE, asked, answer) is None
    found = {one.name: one.version for one in foretold(STATE, asked, answer, {"own"})}
    assert found == {"libc6": "1", "tool": "1", "nginx": "2", "wine": "1", "own": "7"}


def test_what_changes_its_architecture_is_one_package() -> None:
    asked = first_question(STATE, upgrades=False)
    answer = Simulation((Installed("tool", "1", "2", "amd64"),), (("libc6", ""),))
    found = [(one.name, one.architecture) for one in foretold(STATE, asked, answer, ())]
    assert found == [("tool", "amd64")]


def test_a_removed_package_of_another_architecture_is_that_one() -> None:
    asked = first_question(replace(STATE, base=NOTHING), upgrades=False)
    answer = Simulation((), (("wine", "i386"),))
    assert asked.way == "installed"
    assert next_question(STATE, asked, answer) is None
    names = [one.name for one in foretold(STATE, asked, answer, ())]
    assert names == ["libc6", "nginx", "own", "tool"]
