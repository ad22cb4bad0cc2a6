"""Where an rpm machine takes packages from: its .repo files, dnf.conf and variables, read.

The words: https://dnf.readthedocs.io/en/latest/conf_ref.html. How a
repository is reached from the machine (proxy, sslverify) does not count where another machine asks.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from pipeline.planning.packages.state import Files

SETTINGS: Final = re.compile(
    r"etc/(?:yum\.repos\.d/[^/]+\.repo|(?:yum|dnf/dnf|tdnf/tdnf)\.conf|(?:yum|dnf)/vars/[^/]+)"
)
"""Paths of the files that are read here."""
KEYS: Final = re.compile(r"etc/pki/rpm-gpg/[^/]+")
USUAL_PRIORITY: Final = 99
"""The last; 1 is the first."""

_REPO: Final = re.compile(r"etc/yum\.repos\.d/[^/]+\.repo|.*\.conf")
_VARIABLE: Final = re.compile(r"etc/(?:yum|dnf)/vars/([^/]+)")
_NAMED: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_SECRET: Final = re.compile(r"^\s*(?:proxy_)?(?:username|password)\s*[=:].*$\n?", re.MULTILINE)
_USER_IN_URI: Final = re.compile(r"(?<=://)[^/\s@]+@")
_MAIN: Final = "main"
_SIGNED: Final = "repo_gpgcheck"
_TRUE: Final = frozenset({"1", "yes", "true", "on", "enabled"})

Section: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Repository:
    """One that is enabled, its variables replaced."""

    name: str
    """Its id: the word in brackets."""
    addresses: tuple[str, ...]
    """`baseurl`: each leads to the same."""
    listed: str
    """`metalink` or `mirrorlist`: where further addresses are told; "" for none."""
    priority: int = USUAL_PRIORITY
    excluded: tuple[str, ...] = ()
    """Patterns of packages that are not there."""
    included: tuple[str, ...] = ()
    """Patterns of the only packages that are there; none for all."""
    certificate: str = ""
    """The path of the client certificate that it asks for, and of its key; "" for none."""
    key: str = ""
    signed_by: tuple[str, ...] | None = None
    """Paths of keys, one of which signs the index; None where nobody asks for that."""


def without_secrets(text: str) -> str:
    """A file of settings without names and passwords."""
    return _USER_IN_URI.sub("", _SECRET.sub("", text))


def repositories(settings: Files, release: str, architecture: str) -> tuple[Repository, ...]:
    """Those that are enabled, by name. Raises ValueError for a file that says no settings.

    A variable that nobody defines stays in an address as it is written: dnf does the same.
    """
    variables = _variables(settings, release, architecture)
    sections: dict[str, Section] = {}
    main: dict[str, str] = {}
    for path in sorted(path for path in settings if _REPO.fullmatch(path)):
        for name, section in _sections(path, settings[path]):
            if name == _MAIN:
                main |= section
            else:
                sections[name] = section
    excluded = _excluded(main)
    usual = {key: main[key] for key in (_SIGNED,) if key in main}
    return tuple(
        _repository(name, {**usual, **section}, variables, excluded)
        for name, section in sorted(sections.items())
        if _is_true(section.get("enabled", "1"))
    )


def _repository(
    name: str, section: Section, variables: Mapping[str, str], excluded: tuple[str, ...]
) -> Repository:
    def value(key: str) -> str:
        return _replaced(section.get(key, ""), variables)

    addresses = tuple(one.rstrip("/") for one in _words(value("baseurl")))
    listed = value("metalink") or value("mirrorlist")
    if not addresses and not listed:
        raise ValueError(f"the repository {name} has no address")
    priority = section.get("priority", "").strip()
    return Repository(
        name,
        addresses,
        listed.strip(),
        int(priority) if priority.isdigit() else USUAL_PRIORITY,
        (*excluded, *_excluded(section)),
        _words(section.get("includepkgs", "")),
        value("sslclientcert").strip(),
        value("sslclientkey").strip(),
        tuple(map(_path, _words(value("gpgkey")))) if _is_true(section.get(_SIGNED, "")) else None,
    )


def _is_true(word: str) -> bool:
    return word.strip().lower() in _TRUE


def _path(address: str) -> str:
    """Of a key on the machine, as files are named here: `etc/pki/rpm-gpg/KEY`."""
    return address.removeprefix("file://").lstrip("/")


def _sections(path: str, text: str) -> Iterator[tuple[str, Section]]:
    parser = configparser.ConfigParser(
        interpolation=None, strict=False, default_section="", delimiters=("=",), allow_no_value=True
    )
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ValueError(f"/{path}: not settings ({type(error).__name__})") from error
    for name in parser.sections():
        yield name, {key: value or "" for key, value in parser.items(name)}


def _variables(settings: Files, release: str, architecture: str) -> Mapping[str, str]:
    found = {"basearch": architecture, "arch": architecture}
    if release:
        found["releasever"] = release
    for path in sorted(settings, reverse=True):  # those of dnf are the last, and count
        if match := _VARIABLE.fullmatch(path):
            found[match[1]] = settings[path].partition("\n")[0].strip()
    major, dot, minor = found.get("releasever", "").partition(".")
    parts = {"releasever_major": major} if major else {}
    return {**parts, **({"releasever_minor": minor} if dot else {}), **found}


def _replaced(text: str, variables: Mapping[str, str]) -> str:
    return _NAMED.sub(lambda match: variables.get(match[1] or match[2], match[0]), text)


def _excluded(section: Section) -> tuple[str, ...]:
    return _words(f"{section.get('excludepkgs', '')} {section.get('exclude', '')}")


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.split(r"[\s,]+", text.strip(", \t\n"))) if text.strip(", \t\n") else ()
