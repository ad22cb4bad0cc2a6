"""A team's repository: what `init` writes, and that it overwrites nothing."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.definition.project import read
from pipeline.errors import Refused, StateFileError
from pipeline.output.people import ForPeople
from pipeline.scaffold.writing import files, write
from tests.sources import ROOT


def written(folder: Path) -> set[str]:
    """All files below a folder, by name."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def said() -> io.StringIO:
    """What was told."""
    return io.StringIO()


@pytest.fixture
def shop(tmp_path: Path, said: io.StringIO) -> Path:
    """A repository that was just written, in a folder that was not there."""
    write(tmp_path / "shop", ForPeople(said))
    return tmp_path / "shop"


def test_its_definitions_are_this_projects_own_and_have_no_mistakes(shop: Path) -> None:
    project = read(shop)

    assert not project.faulty
    assert ([one.name for one in project.images], len(project.environments)) == (["web"], 1)
    for name in ("images/web/scripts/install.sh", "packer/linux/linux.pkr.hcl", "environments.hcl"):
        assert (shop / name).read_bytes() == (ROOT / name).read_bytes()
        assert os.access(shop / name, os.X_OK) == os.access(ROOT / name, os.X_OK)


def test_it_holds_all_that_a_team_begins_with_and_nothing_that_tools_left(shop: Path) -> None:
    assert {"tasks.py", "README.md", ".gitignore", "requirements.txt"} <= written(shop)
    assert not [name for name in written(shop) if "__pycache__" in name or name.endswith(".in")]
    assert len((shop / "tasks.py").read_text().splitlines()) == 3
    assert not [name for name in written(shop) if "@VERSION@" in (shop / name).read_text()]


def test_it_says_what_to_do_next(shop: Path, said: io.StringIO) -> None:
    assert f"cd {shop}" in said.getvalue()
    assert "invoke demo" in said.getvalue()


def test_a_file_that_differs_is_not_overwritten_and_nothing_else_is_written(
    tmp_path: Path, said: io.StringIO
) -> None:
    (tmp_path / "README.md").write_text("ours\n")
    (tmp_path / "images").mkdir()

    with pytest.raises(Refused, match=r"would overwrite README\.md$"):
        write(tmp_path, ForPeople(said))

    assert written(tmp_path) == {"README.md"}
    assert (tmp_path / "README.md").read_text() == "ours\n"


def test_what_was_written_in_part_is_completed(shop: Path, said: io.StringIO) -> None:
    before = written(shop)
    (shop / "environments.hcl").unlink()

    write(shop, ForPeople(said))

    assert written(shop) == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, said: io.StringIO) -> None:
    (tmp_path / "shop").write_text("")

    with pytest.raises(StateFileError, match=r"shop.*: Not a directory"):
        write(tmp_path / "shop", ForPeople(said))


def used(text: str) -> list[str]:
    """The actions of others that a workflow uses."""
    return re.findall(r"uses: ([^.\s]\S+)", text)


PINNED = sorted(file.name for file in files() if ".github" in file.name) + sorted(
    str(path.relative_to(ROOT)) for path in ROOT.glob(".github/**/*.yml")
)


@pytest.mark.parametrize("name", dict.fromkeys(PINNED))
def test_actions_are_pinned_by_commit(shop: Path, name: str) -> None:
    for folder in (shop, ROOT):
        text = (folder / name).read_text() if (folder / name).exists() else ""
        assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used(text))


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("github-workflows", ".github/workflows/*.yml"),
        ("github-actions", ".github/actions/*/action.yml"),
        ("dependabot", ".github/dependabot.yml"),
        ("azure-pipelines", ".azure-pipelines/*.yml"),
    ],
)
def test_its_ci_fits_the_schemas(shop: Path, schema: str, pattern: str) -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    if schema == "azure-pipelines":  # whose patterns are no regular expressions of ECMAScript
        checker += ["--regex-variant", "python", "--data-transform", "azure-pipelines"]

    done = subprocess.run(
        [*checker, *shop.glob(pattern)], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", [".github/workflows/promote.yml", ".azure-pipelines/promote.yml"])
def test_a_promotion_waits_for_an_approval(shop: Path, name: str) -> None:
    document = YAML(typ="safe").load((shop / name).read_text())
    jobs = document.get("jobs") or {
        job.get("job") or job["deployment"]: job
        for stage in document["stages"]
        for job in stage["jobs"]
    }

    assert jobs["move"]["environment"] == "production"
    assert "environment" not in jobs["stage"]


AZ = """\
#!/bin/sh
printf '%s\\n' "$*" >> "$SEEN"
case "$2 $*" in
query*) printf '%s' "$OPEN" ;;
*"--state Closed"*) [ -z "$HAS_DONE" ] ;;
esac
"""
RUN = "https://dev.azure.example/team/shop/_build/results?buildId=1"
UPDATE = (
    "boards work-item update --organization https://dev.azure.example/team/ --output none --id 7"
)


@pytest.mark.parametrize(
    ("outcome", "number", "has_done", "done"),
    [
        (
            *("Failed", "", ""),
            [
                "boards work-item create --organization https://dev.azure.example/team/"
                " --project shop --output none --title nightly: web fails --type Issue"
                f" --description Since {RUN}. It is closed by the first night that succeeds."
            ],
        ),
        ("Failed", "7", "", [f"{UPDATE} --discussion Still: {RUN}"]),
        ("Succeeded", "7", "", [f"{UPDATE} --state Closed --discussion Well again: {RUN}"]),
        (
            *("SucceededWithIssues", "7", "yes"),
            [
                f"{UPDATE} --state {state} --discussion Well again: {RUN}"
                for state in ("Closed", "Done")
            ],
        ),
        ("Succeeded", "", "", []),
        ("Canceled", "7", "", []),
        ("Canceled", "", "", []),
    ],
)
def test_a_unit_that_fails_has_one_work_item(
    shop: Path, tmp_path: Path, outcome: str, number: str, has_done: str, done: list[str]
) -> None:
    az, seen = tmp_path / "az", tmp_path / "seen"
    az.write_text(AZ)
    az.chmod(0o755)
    document = YAML(typ="safe").load(shop / ".azure-pipelines" / "work-item.yml")
    (step,) = document["steps"]
    surroundings = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SEEN": str(seen),
        "OPEN": number,
        "HAS_DONE": has_done,
        "COLLECTION": "https://dev.azure.example/team/",
        "PROJECT": "shop",
        "OUTCOME": outcome,
        "TITLE": "nightly: web fails",
        "RUN": RUN,
    }

    subprocess.run(["bash", "-c", step["bash"]], check=True, env=surroundings)

    first, *others = seen.read_text().splitlines()
    assert first.startswith("boards query --organization https://dev.azure.example/team/")
    assert "[System.Title] = 'nightly: web fails'" in first
    assert others == done
    assert step["condition"] == "always()"
    assert "$(" not in step["bash"].replace("$(az ", "")
