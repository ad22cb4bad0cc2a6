"""Whether a machine of Windows listens for WinRM, and whether this one can ask it."""

from __future__ import annotations

import http.client
import importlib.util
import ssl
from http import HTTPStatus

from pipeline.advice import Advice, Shell
from pipeline.errors import Unreachable
from pipeline.planning.windows import bring_pywinrm

SECONDS = 30.0
"""How long one attempt waits: on a busy host a handshake takes many seconds."""
PATH = "/wsman"


def answers(address: str, port: int) -> bool:
    """Whether WinRM speaks there over HTTPS: it asks for credentials, unlike an open port."""
    unknown = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # its machine just made its certificate
    unknown.check_hostname = False
    unknown.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(address, port, timeout=SECONDS, context=unknown)
    try:
        connection.request("POST", PATH)
        return connection.getresponse().status == HTTPStatus.UNAUTHORIZED
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_here() -> bool:
    """Whether pywinrm is: an extra of the package."""
    return importlib.util.find_spec("winrm") is not None


def refuse_without_pywinrm(image: str) -> None:
    """Raises Unreachable where no check could be run on the image's machine."""
    if not is_here():
        raise Unreachable(
            f"{image} is of Windows and checked over WinRM, and pywinrm is not installed here",
            advice=(Advice("install it", Shell(bring_pywinrm())),),
        )
