"""The number that stands for everything an image is made of."""

from __future__ import annotations

from dataclasses import replace

from pipeline.definition.model import Input
from pipeline.planning.build.fingerprint import TAG_LENGTH, changes, fingerprint, input_tags
from tests.planning.build.examples import BASE, NEWER_BASE, WEB, with_input

PAGE = "images/web/files/index.html"


def recorded() -> dict[str, str]:
    return {"base": str(BASE), **input_tags(WEB)}


def test_a_fingerprint_is_sha256_in_hex() -> None:
    assert len(fingerprint(WEB, BASE)) == 64
    assert int(fingerprint(WEB, BASE), 16)


def test_the_order_of_the_inputs_does_not_matter() -> None:
    backwards = replace(WEB, inputs=WEB.inputs[::-1])

    assert fingerprint(backwards, BASE) == fingerprint(WEB, BASE)
    assert input_tags(backwards) == input_tags(WEB)


def test_content_name_and_base_each_make_another_image() -> None:
    renamed = replace(WEB, inputs=(*WEB.inputs[1:], Input("images/web/x", WEB.inputs[0].digest)))
    others = {
        fingerprint(with_input(WEB, PAGE, "f" * 64), BASE),
        fingerprint(renamed, BASE),
        fingerprint(WEB, NEWER_BASE),
    }

    assert len(others | {fingerprint(WEB, BASE)}) == 4


def test_an_unpinned_base_is_not_what_counts() -> None:
    pinned = replace(WEB, base=BASE)

    assert fingerprint(pinned, BASE) == fingerprint(WEB, BASE)


def test_a_changed_input_is_named() -> None:
    assert changes(with_input(WEB, PAGE, "f" * 64), BASE, recorded()) == (f"{PAGE} changed",)


def test_a_new_input_is_named() -> None:
    image = with_input(WEB, "images/web/files/logo.svg", "f" * 64)

    assert changes(image, BASE, recorded()) == ("images/web/files/logo.svg is new",)


def test_a_removed_input_is_told_though_only_its_digest_is_known() -> None:
    assert changes(replace(WEB, inputs=WEB.inputs[1:]), BASE, recorded()) == (
        "an input was removed",
    )


def test_a_newer_base_is_named_with_both_versions() -> None:
    assert changes(WEB, NEWER_BASE, recorded()) == (
        "base Debian:debian-12:12-gen2:0.20260101.1 -> Debian:debian-12:12-gen2:0.20260201.1",
    )


def test_every_change_is_named_together() -> None:
    image = with_input(with_input(WEB, PAGE, "f" * 64), "images/web/files/a", "e" * 64)

    assert len(changes(image, NEWER_BASE, recorded())) == 3


def test_a_version_without_the_tags_says_only_that_something_changed() -> None:
    assert changes(WEB, BASE, {}) == ("the inputs changed",)


def test_many_inputs_fill_several_tags_none_longer_than_azure_takes() -> None:
    many = tuple(Input(f"images/web/files/{n}", f"{n:064x}"[::-1]) for n in range(200))
    image = replace(WEB, inputs=many)
    tags = input_tags(image)

    assert sorted(tags) == ["inputs", *(f"inputs-{n}" for n in range(2, 8))]
    assert max(map(len, tags.values())) <= TAG_LENGTH
    named = changes(with_input(image, "images/web/files/150", "f" * 64), BASE, tags)
    assert "images/web/files/150 changed" in named


def test_more_inputs_than_tags_can_hold_are_not_recorded() -> None:
    many = tuple(Input(f"images/web/files/{n}", f"{n:064x}") for n in range(225))

    assert input_tags(replace(WEB, inputs=many)) == {}
