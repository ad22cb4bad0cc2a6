"""A small apt repository, served on loopback, and the state of a machine that uses it."""

from __future__ import annotations

import functools
import hashlib
import os
import ssl
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.planning.packages.state import NOTHING, AptState, Snapshot

MAIN, SECURITY = "stable", "stable-security"
LABELS = {MAIN: "Debian", SECURITY: "Debian-Security"}


@dataclass(frozen=True, slots=True)
class Deb:
    """A package of the repository, or installed somewhere."""

    name: str
    version: str
    depends: str = ""
    recommends: str = ""
    source: str = ""
    architecture: str = "amd64"

    def paragraph(self, *lines: str) -> str:
        """As control files have it."""
        told = [f"Package: {self.name}", f"Version: {self.version}"]
        told += [f"Architecture: {self.architecture}"]
        named = {"Depends": self.depends, "Recommends": self.recommends, "Source": self.source}
        told += [f"{key}: {value}" for key, value in named.items() if value]
        return "\n".join((*told, *lines)) + "\n"

    @property
    def installed(self) -> str:
        """As dpkg's status has it."""
        return self.paragraph("Status: install ok installed")


@dataclass
class Repository:
    """Suites of packages below a folder; `url` is where they are served."""

    folder: Path
    url: str
    signed: bool = False
    requests: list[str] = field(default_factory=list)
    """Paths and statuses of all requests so far."""
    _written: int = 0

    def publish(self, suite: str, *debs: Deb) -> None:
        """Make these the packages of a suite."""
        below = "main/binary-amd64/Packages"
        place = self.folder / "dists" / suite
        (place / below).parent.mkdir(parents=True, exist_ok=True)
        text = "\n".join(self._indexed(deb) for deb in debs)
        (place / below).write_text(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._written += 1
        release = (
            f"Origin: Debian\nLabel: {LABELS[suite]}\nSuite: {suite}\nCodename: {suite}\n"
            f"Architectures: amd64\nComponents: main\nDate: {formatdate(usegmt=True)}\n"
            f"Description: number {self._written}\nSHA256:\n {digest} {len(text)} {below}\n"
        )
        (place / "Release").write_text(release)
        if self.signed:
            self._gpg("--clearsign", "-o", str(place / "InRelease"), str(place / "Release"))
        # If-Modified-Since counts in seconds, and a test publishes twice in one.
        for file in place.glob("*Release"):
            at = 1_700_000_000 + self._written
            os.utime(file, (at, at))

    def _indexed(self, deb: Deb) -> str:
        file = self.folder / "pool" / f"{deb.name}_{deb.version}_{deb.architecture}.deb"
        if file.exists():
            content = file.read_bytes()
            size, digest = len(content), hashlib.sha256(content).hexdigest()
        else:
            size, digest = 1, hashlib.sha256(b"").hexdigest()
        name = file.relative_to(self.folder)
        return deb.paragraph(f"Filename: {name}", f"Size: {size}", f"SHA256: {digest}")

    def sources(self, *suites: str, option: str = "trusted=yes") -> str:
        """Lines of a sources.list."""
        return "".join(f"deb [{option}] {self.url} {suite} main\n" for suite in suites)

    def key(self) -> bytes:
        """Make a key, sign everything from now on, and answer its public half."""
        home = self.folder.parent / "gnupg"
        home.mkdir(mode=0o700)
        self._gpg("--quick-generate-key", "--passphrase", "", "test@example.com", "ed25519")
        self.signed = True
        return self._gpg("--export")

    def _gpg(self, *words: str) -> bytes:
        home = self.folder.parent / "gnupg"
        command = ["gpg", "--homedir", str(home), "--batch", "--yes", "--pinentry-mode", "loopback"]
        return subprocess.run([*command, *words], check=True, capture_output=True).stdout

    def end_gpg(self) -> None:
        """End the agent that gpg started."""
        home = self.folder.parent / "gnupg"
        if home.exists():
            command = ["gpgconf", "--homedir", str(home), "--kill", "all"]
            subprocess.run(command, check=False, capture_output=True)


@contextmanager
def serving(
    root: Path, tls: ssl.SSLContext | None = None, leads_to: str = ""
) -> Iterator[tuple[str, list[str]]]:
    """A folder by HTTP on loopback: its address, and paths and statuses of all requests.

    `leads_to`: where all requests are sent on to.
    """
    requests: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            """A proxy is asked for an address: of what is here, whatever host it names."""
            return super().translate_path(urlsplit(path).path)

        def do_GET(self) -> None:
            """A file, or where it is."""
            if not leads_to:
                super().do_GET()
                return
            self.send_response(302)
            self.send_header("Location", f"{leads_to}{self.path}")
            self.end_headers()

        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            requests.append(f"{self.path} {int(code)}")

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing."""

    handler = functools.partial(Handler, directory=str(root))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}", requests
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def served(folder: Path) -> Iterator[Repository]:
    """An empty repository below a folder."""
    root = folder / "repository"
    root.mkdir(parents=True)
    with serving(root) as (url, requests):
        made = Repository(root, url, requests=requests)
        try:
            yield made
        finally:
            made.end_gpg()


def snapshot(sources: str, debs: Iterable[Deb], automatic: Iterable[str] = ()) -> Snapshot:
    """A machine with these packages."""
    marks = (f"Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n" for name in automatic)
    status = "\n".join(deb.installed for deb in debs)
    return Snapshot(status, "\n".join(marks), {"etc/apt/sources.list": sources}, {})


def state_of(base: Snapshot, now: Snapshot) -> AptState:
    """What apt knows of a version that was baked upon a base, or upon nobody knows what."""
    return AptState("amd64", (), base or NOTHING, now, {})
