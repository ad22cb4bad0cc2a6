"""One thing, one word, and words that someone who knows az, kubectl and terraform expects.

Read at 3 a.m. by people whose first language may not be English: say what is measured and what to
type. The table names phrases that were found to surprise, and what to write instead.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import ROOT, comments, docstrings, literals

SHOUTED = r"\bNO\b"
"""The one phrase that is one only in capitals."""
INSTEAD = {
    SHOUTED: "FAILED",
    r"\blocal Azure\b(?! Resource Manager)|\bAzure Local\b": "the emulator",
    r"\banswers? in a row\b": "consecutive responses",
    r"\bmay( not)? serve\b": "cannot be promoted; is eligible",
    r"(_\d|\}) is silent\b": "has not reported health",
    r"\bgo(es)? on without us\b": "Azure is still working; rerun the command to keep waiting",
    r"\bgo(es)? on from here\b": "Run the same command again to continue",
    r"\blets? (it|the \w+ version) serve\b": "promote it",
    r"\b(lets? it|is let) grow\b": "scale it up",
    r"^(see )?what is there$|\bwhat is there invoke\b": "show the state",
    r"\b(may mean it|can mean it)\b": "`latest` can resolve to it",
    r"\bnot surely\b": "could not confirm",
    r"\bothers wrote it\b": "gave up after 5 concurrent updates",
    r"\bno way back:": "nothing to roll back to",
    r"\ball that Packer said\b": "full Packer log",
    r"\bclear(s|ed|ing)? up\b": "clean up",
    r"\btells? it as JSON\b": "print JSON lines",
    r"\bmakes? what is missing\b": "create missing landing-zone resources",
    r"\bis not changed in\b": "what `create-environment` never changes",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\b(bears|which .* bear)\b": "tolerates",
    r"\btour\b": "the demo",
    r"\bdoorway\b": "the CLI",
    r"\b(infirmary|patients)\b": "machine faults",
    r"\b(bakery|landscape)\b": "named for what it gives: image project, landing zone",
    r"\bnobody wants to hear\b": "No-op",
    r"\bleaves no key behind\b": "Delete SSH keys left by killed checks",
}

TEXTS = [
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("Makefile", "environments.hcl", "pyproject.toml"),
    *(str(file.relative_to(ROOT)) for file in sorted(ROOT.glob("docs/*.md"))),
    *(str(file.relative_to(ROOT)) for file in sorted(ROOT.glob(".github/workflows/*.yml"))),
    *(str(file.relative_to(ROOT)) for file in sorted(ROOT.glob("packer/*/*"))),
    *(str(file.relative_to(ROOT)) for file in sorted(ROOT.glob("images/web/**/*.*"))),
]
PYTHON = [
    "tasks.py",
    *(str(file.relative_to(ROOT)) for file in sorted(ROOT.glob("pipeline/**/*.py"))),
    *(str(file.relative_to(ROOT)) for file in sorted(ROOT.glob("tests/**/*.py"))),
]


ANY = re.compile(
    "|".join(f"(?-i:{one})" if one == SHOUTED else f"(?:{one})" for one in INSTEAD), re.IGNORECASE
)


def surprises(text: str) -> list[str]:
    """The phrases in a text, which may be wrapped, that should be others."""
    flat = " ".join(text.split())
    found: list[str] = []
    if not ANY.search(flat):
        return found
    for phrase, better in INSTEAD.items():
        flags = 0 if phrase == SHOUTED else re.IGNORECASE
        found += [f"{match[0]!r}: {better}" for match in re.finditer(phrase, flat, flags)]
    return found


def in_lines(text: str) -> list[str]:
    """Those of a page, by paragraph."""
    return [found for paragraph in text.split("\n\n") for found in surprises(paragraph)]


def in_python(source: str) -> Iterator[str]:
    """Those of a module: of its strings, docstrings, comments and names."""
    tree = ast.parse(source)
    said = [(found.text, found.line) for found in (*literals(tree), *comments(source))]
    said += [(str(node.value), node.lineno) for node in docstrings(tree)]
    said += [(words_of(name), line) for name, line in names(tree)]
    for text, line in said:
        yield from (f"line {line}: {found}" for found in surprises(text))


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """What functions, classes and arguments are called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def words_of(name: str) -> str:
    """`aWord` and `a_word` as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name)


def listed(files: list[str]) -> list[str]:
    """All but this one, which has the phrases for a reason."""
    own = Path(__file__).relative_to(ROOT).as_posix()
    return [file for file in files if file != own]


@pytest.mark.parametrize("file", listed(TEXTS))
def test_a_page_says_what_is_expected(file: str) -> None:
    assert in_lines((ROOT / file).read_text()) == []


@pytest.mark.parametrize("file", listed(PYTHON))
def test_a_module_says_what_is_expected(file: str) -> None:
    assert list(in_python((ROOT / file).read_text())) == []


@pytest.mark.parametrize(
    "source",
    [
        'say("10 answers in a row from 1.0.1")',
        'f"{name} may not serve: {why}"',
        '"""Start the local\n    Azure."""',
        "x = 1  # the doorway",
        "def test_a_version_may_serve() -> None: ...",
        "class Tour: ...",
        "def promote(patients: int) -> None: ...",
    ],
)
def test_a_phrase_is_seen_wherever_it_stands(source: str) -> None:
    assert len(list(in_python(source))) == 1


def test_a_phrase_that_is_wrapped_is_seen() -> None:
    assert in_lines("all that\nPacker said\n") == ["'all that Packer said': full Packer log"]


def test_the_words_to_write_surprise_nobody() -> None:
    assert [found for better in INSTEAD.values() for found in surprises(better)] == []
