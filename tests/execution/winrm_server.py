"""A machine that listens for WinRM, as far as pywinrm asks: WS-Management over HTTPS with NTLM.

Each command has a shell of its own: Create, Command, Receive, Signal, Delete (MS-WSMV). The other
side of the handshake is pyspnego's; what is run is a function of the test.
"""

from __future__ import annotations

import base64
import os
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree

import spnego
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

USER = "azureuser"
PASSWORD = "Right1Password2OfThis3Machine4"

_SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"

Ran = tuple[int, str]
"""The exit code of a command, and what it printed."""


class Gone(Exception):
    """The machine goes while it runs a command."""


@dataclass
class Machine:
    """What it runs, and what it was asked."""

    run: Callable[[str], Ran]
    port: int = 0
    actions: list[str] = field(default_factory=list)
    commands: dict[str, str] = field(default_factory=dict)
    refusals: int = 0


class _Connection(BaseHTTPRequestHandler):
    """One connection: NTLM signs in connections, not requests."""

    protocol_version = "HTTP/1.1"
    machine: Machine
    context: Any = None
    is_known = False

    def log_message(self, format: str, *args: Any) -> None:
        """No-op."""

    def do_POST(self) -> None:
        """A message, or a part of the handshake."""
        message = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.is_known or self._signs_in():
            try:
                self._answer(200, self._said(message))
            except Gone:
                self.close_connection = True
                self.connection.close()

    def _signs_in(self) -> bool:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if not scheme:
            self._answer(401, "", ("WWW-Authenticate", "NTLM"))
            return False
        if self.context is None:
            options = spnego.NegotiateOptions.use_ntlm
            self.context = spnego.server(protocol="ntlm", options=options)
        try:
            challenge = self.context.step(base64.b64decode(token))
        except spnego.exceptions.SpnegoError:
            self.machine.refusals += 1
            self.context = None
            self._answer(401, "")
            return False
        if not self.context.complete:
            answer = f"NTLM {base64.b64encode(challenge).decode()}"
            self._answer(401, "", ("WWW-Authenticate", answer))
            return False
        self.is_known = True
        return True

    def _said(self, message: bytes) -> str:
        root = ElementTree.fromstring(message)  # noqa: S314 - pywinrm wrote it
        action = next(node for node in root.iter(f"{{{_ADDRESSING}}}Action")).text or ""
        number = next(node for node in root.iter(f"{{{_ADDRESSING}}}MessageID")).text or ""
        what = action.rpartition("/")[2]
        self.machine.actions.append(what)
        return _envelope(number, getattr(self, f"_{what.lower()}")(root))

    def _create(self, _: ElementTree.Element) -> str:
        selector = f'<w:Selector Name="ShellId">{uuid.uuid4()}</w:Selector>'
        return f"<x:ResourceCreated>{selector}</x:ResourceCreated>"

    def _command(self, root: ElementTree.Element) -> str:
        number = str(uuid.uuid4())
        line = next(node for node in root.iter(f"{{{_SHELL}}}Command"))
        self.machine.commands[number] = line.text or ""
        return f"<r:CommandResponse><r:CommandId>{number}</r:CommandId></r:CommandResponse>"

    def _receive(self, root: ElementTree.Element) -> str:
        stream = next(node for node in root.iter(f"{{{_SHELL}}}DesiredStream"))
        number = stream.get("CommandId", "")
        code, printed = self.machine.run(self.machine.commands[number])
        text = base64.b64encode(printed.encode()).decode()
        return (
            f'<r:ReceiveResponse><r:Stream Name="stdout" CommandId="{number}">{text}</r:Stream>'
            f'<r:CommandState CommandId="{number}" State="{_SHELL}/CommandState/Done">'
            f"<r:ExitCode>{code}</r:ExitCode></r:CommandState></r:ReceiveResponse>"
        )

    def _signal(self, _: ElementTree.Element) -> str:
        return "<r:SignalResponse/>"

    def _delete(self, _: ElementTree.Element) -> str:
        return ""

    def _answer(self, status: int, text: str, *headers: tuple[str, str]) -> None:
        content = text.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/soap+xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _envelope(relates_to: str, body: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
        f' xmlns:a="{_ADDRESSING}" xmlns:r="{_SHELL}"'
        ' xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"'
        ' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">'
        f"<s:Header><a:RelatesTo>{relates_to}</a:RelatesTo></s:Header><s:Body>{body}</s:Body>"
        "</s:Envelope>"
    )


@contextmanager
def listening(
    folder: Path,
    run: Callable[[str], Ran],
    *,
    place: tuple[str, int] = ("127.0.0.1", 0),
    password: str = PASSWORD,
) -> Iterator[Machine]:
    """A machine at an address and a port, perhaps any, whose administrator is USER."""
    machine = Machine(run)
    users = folder / "users"
    users.write_text(f":{USER}:{password}\n")
    handler = type("Connection", (_Connection,), {"machine": machine})
    with (
        patch.dict(os.environ, {"NTLM_USER_FILE": str(users)}),
        ThreadingHTTPServer(place, handler) as server,
    ):
        server.socket = _certified(folder).wrap_socket(server.socket, server_side=True)
        machine.port = int(server.socket.getsockname()[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield machine
        finally:
            server.shutdown()
            thread.join()


def _certified(folder: Path) -> ssl.SSLContext:
    """With a certificate that it made itself, for a name that nobody asks for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "check")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "machine.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
