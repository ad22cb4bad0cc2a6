"""What a template uses outside of its folder counts or is refused; what it writes never counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.definition.project import read
from pipeline.errors import Mistake

TEMPLATE = "packer/linux/linux.pkr.hcl"
IMAGE = "images/web/image.hcl"


def provisioner(good: Path, text: str, kind: str = 'provisioner "shell"') -> int:
    """Write a block into the template's build; the line of its first key."""
    file = good / TEMPLATE
    head, tail = file.read_text().rsplit("}", 1)
    file.write_text(f"{head}\n  {kind} {{\n    {text}\n  }}\n}}{tail}")
    return head.count("\n") + 3


def image_says(good: Path, text: str) -> None:
    """Write a key into the image."""
    file = good / IMAGE
    file.write_text(
        file.read_text().replace('  template = "linux"\n', f'  template = "linux"\n{text}\n')
    )


def mistakes(good: Path) -> list[Mistake]:
    """What is wrong with the image."""
    return [mistake for faulty in read(good).faulty for mistake in faulty.mistakes]


def names(good: Path) -> set[str]:
    """The inputs of the image."""
    return {item.name for item in read(good).images[0].inputs}


@pytest.fixture
def shared(good: Path) -> Path:
    """The project, with a folder that several templates use."""
    (good / "shared" / "roles").mkdir(parents=True)
    (good / "shared" / "harden.sh").write_text("true\n")
    (good / "shared" / "roles" / "main.yml").write_text("- true\n")
    return good


OUTSIDE = [
    ('script = "${path.root}/../../shared/harden.sh"', "shared/harden.sh"),
    ('script = "shared/harden.sh"', "shared/harden.sh"),
    ('scripts = ["${path.root}/a.sh", "${path.cwd}/shared/harden.sh"]', "shared/harden.sh"),
    ('inline = ["x ${path.root}/../../shared/roles/main.yml y"]', "shared/roles/main.yml"),
    ('inline = [file("${path.root}/../../shared/harden.sh")]', "shared/harden.sh"),
    ('env = { A = "${templatefile("shared/harden.sh", {})}" }', "shared/harden.sh"),
    ('script = "${local.shared}/harden.sh"', "shared/harden.sh"),
    ("scripts = local.all", "shared/harden.sh"),
    ('inline = ["x ${local.shared}/harden.sh", upper("x")]', "shared/harden.sh"),
    ('extra = ["-e", local.shared]', "shared"),
    ("script = var.script", "shared/harden.sh"),
    ('script = "shared/roles/${var.nowhere}.yml"', "shared/roles"),
]


@pytest.mark.parametrize(("text", "used"), OUTSIDE)
def test_what_is_used_outside_of_the_folder_is_declared_or_a_mistake(
    shared: Path, text: str, used: str
) -> None:
    (shared / "packer/linux/more.pkr.hcl").write_text(
        'locals {\n  shared = "${path.cwd}/shared"\n  all = [local.first]\n'
        '  first = "shared/harden.sh"\n}\n'
        'variable "script" {\n  default = "shared/harden.sh"\n}\n'
    )
    line = provisioner(shared, text)
    key = text.partition(" ")[0]

    assert mistakes(shared) == [
        Mistake(
            TEMPLATE,
            line,
            f"{key}: {used} is outside of packer/linux",
            f'add inputs = ["{used}"] to image "web"',
        )
    ]
    image_says(shared, f'  inputs = ["{used}"]')
    assert mistakes(shared) == []
    assert any(name.startswith(used) for name in names(shared))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('source = "shared/"', 'provisioner "file"'),
        ('playbook_file = "shared/roles/main.yml"', 'provisioner "ansible"'),
        ('role_paths = ["shared/roles"]', 'provisioner "ansible-local"'),
        ('script = "shared/harden.sh"', 'post-processor "shell-local"'),
    ],
)
def test_every_kind_of_block_that_reads_files_is_read(shared: Path, text: str, kind: str) -> None:
    line = provisioner(shared, text, kind)
    assert [(one.file, one.line) for one in mistakes(shared)] == [(TEMPLATE, line)]
    image_says(shared, '  inputs = ["shared"]')
    assert mistakes(shared) == []
    assert names(shared) >= {"shared/harden.sh", "shared/roles/main.yml"}


@pytest.mark.parametrize(
    "text",
    [
        'script = "${path.root}/harden.sh"',
        'script = "packer/linux/harden.sh"',
        'script = "images/web/scripts/install.sh"',
        'scripts = [for name in ["a"] : "${path.root}/${name}.sh"]',
        "scripts = var.scripts",
        'inline = ["/etc/file(x) ${var.flavour} file(y) ${path.root}/x"]',
        'script = "${path.root}/${var.location}/x.sh"',
        "scripts = var.workers",
        'inline = ["${file("${path.root}/x.sh")}"]',
    ],
)
def test_what_lies_in_the_folder_or_is_an_input_of_the_image_is_no_mistake(
    good: Path, text: str
) -> None:
    provisioner(good, text)
    if "for name" in text or 'file("' in text:
        image_says(good, "  inputs = []")

    assert mistakes(good) == []


def test_what_only_packer_can_tell_is_vouched_for_by_the_author(good: Path) -> None:
    line = provisioner(good, 'scripts = fileset(var.nowhere, "*.sh")')

    assert str(mistakes(good)[0]) == (
        f'{TEMPLATE}:{line}: scripts: only Packer can tell which files fileset(var.nowhere, "*.sh")'
        ' names; name them in inputs = [...] of image "web"; [] where there are no others'
    )
    image_says(good, "  inputs = []")
    assert mistakes(good) == []


@pytest.mark.parametrize("path", ["/etc/harden.sh", "../elsewhere/harden.sh"])
def test_what_is_outside_of_the_project_is_refused(good: Path, path: str) -> None:
    line = provisioner(good, f'script = "{path}"')
    image_says(good, "  inputs = []")

    assert mistakes(good) == [
        Mistake(
            TEMPLATE,
            line,
            f"script: {path} is outside of the project, and may change unseen",
            "keep it in the project",
        )
    ]


def test_inputs_are_files_and_folders_of_the_project(good: Path) -> None:
    image_says(good, '  inputs = ["../x", "/x", "shared", ""]')

    outside = "is outside of the project; write its path from the folder of environments.hcl"
    assert [str(mistake).partition(": ")[2] for mistake in mistakes(good)] == [
        'inputs: "" is not a path; it must be the path of a file',
        f"inputs: ../x {outside}",
        f"inputs: /x {outside}",
        "inputs: there is no file or folder shared",
    ]


WRITING = [
    ('output = "${path.root}/out/m.json"', "manifest"),
    ('direction = "download"\n    source = "/r"\n    destination = "${path.root}/out/"', "file"),
    ('output = "${local.out}/${var.nowhere}.json"', "manifest"),
    ('output = "${path.root}/../../shared/out/m.json"', "manifest"),
]


@pytest.mark.parametrize(("text", "kind"), WRITING)
def test_what_a_bake_writes_is_no_input(shared: Path, text: str, kind: str) -> None:
    (shared / "packer/linux/more.pkr.hcl").write_text('locals {\n  out = "${path.root}/out"\n}\n')
    block = "provisioner" if kind == "file" else "post-processor"
    provisioner(shared, text, f'{block} "{kind}"')
    image_says(shared, '  inputs = ["shared"]')
    assert mistakes(shared) == []
    before = names(shared)

    folder = shared / ("shared/out" if "shared" in text else "packer/linux/out")
    folder.mkdir()
    (folder / "m.json").write_text("{}")
    (folder.parent / "n.json").write_text("{}")

    assert {Path(name).name for name in names(shared) - before} == {"n.json"}


@pytest.mark.parametrize("folder", ["${path.root}/", "${path.root}/${var.nowhere}", "packer"])
def test_a_bake_may_not_write_over_its_template(good: Path, folder: str) -> None:
    text = f'direction = "download"\n    source = "/r"\n    destination = "{folder}"'
    line = provisioner(good, text, 'provisioner "file"')

    assert mistakes(good)[0] == Mistake(
        TEMPLATE,
        line + 2,
        "destination may write over packer/linux itself",
        'write into a folder of its own: "${path.root}/out/"',
    )


def test_a_bake_may_not_write_over_what_it_reads(good: Path) -> None:
    provisioner(good, 'output = "${path.root}/files"', 'post-processor "compress"')
    line = provisioner(good, 'source = "${path.root}/files/x"', 'provisioner "file"')

    (mistake,) = mistakes(good)
    assert (mistake.line, mistake.right) == (line, "write into a folder of its own")
