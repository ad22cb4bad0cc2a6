"""`osProfile`: what is answered, what is secret, and what a first boot is told."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from pipeline.emulator.arm.errors import invalid_parameter, not_served
from pipeline.emulator.compute.wording import at, is_true, missing
from pipeline.emulator.machines.seam import Profile

SECRET = ("adminPassword", "customData")
"""Never answered by a GET."""
_RESERVED = frozenset(
    {"root", "admin", "administrator", "guest", "sys", "test", "user1", "console", "support"}
    | {"backup", "actuser", "adm", "aspnet", "owner", "server", "sql", "video", "david", "john"}
)
_LONGEST_CUSTOM_DATA = 87380


def without_secrets(profile: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The part of an `osProfile` that may be answered, and the part that may not."""
    told = {key: value for key, value in profile.items() if key not in SECRET}
    return told, {key: profile[key] for key in SECRET if profile.get(key)}


def check(profile: dict[str, Any], secrets: dict[str, Any]) -> None:
    """Refuse what Azure refuses in a Linux `osProfile`, and by name what is not served."""
    if profile.get("windowsConfiguration"):
        raise not_served("'osProfile.windowsConfiguration' (Windows)")
    if profile.get("secrets"):
        raise not_served("'osProfile.secrets' (Key Vault certificates)")
    user = profile.get("adminUsername")
    if not user:
        raise missing("adminUsername")
    if user.lower() in _RESERVED:
        raise invalid_parameter("adminUsername", "The Admin Username specified is not allowed.")
    linux = profile.get("linuxConfiguration") or {}
    is_password_off = is_true(linux.get("disablePasswordAuthentication"))
    if not _keys(profile) and (is_password_off or not secrets.get("adminPassword")):
        raise invalid_parameter(
            "linuxConfiguration",
            "Authentication using either SSH or by user name and password must be enabled in "
            "Linux profile.",
        )
    decoded("customData", secrets.get("customData"))


def decoded(parameter: str, text: str | None) -> bytes | None:
    """Custom or user data as the guest sees it; raises ArmError when it is not Base64."""
    if not text:
        return None
    try:
        if len(text) > _LONGEST_CUSTOM_DATA:
            raise binascii.Error
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise invalid_parameter(
            parameter,
            f"'{parameter}' must be in Base64 encoding and with a maximum length of "
            f"{_LONGEST_CUSTOM_DATA} characters.",
        ) from None


def first_boot(profile: dict[str, Any], secrets: dict[str, Any]) -> Profile:
    """What the machine is told at its first boot."""
    linux = profile.get("linuxConfiguration") or {}
    is_password_off = is_true(linux.get("disablePasswordAuthentication"))
    return Profile(
        hostname=profile["computerName"],
        admin_username=profile["adminUsername"],
        ssh_keys=tuple(_keys(profile)),
        password=None if is_password_off else secrets.get("adminPassword"),
        custom_data=decoded("customData", secrets.get("customData")),
        user_data=decoded("userData", secrets.get("userData")),
    )


def _keys(profile: dict[str, Any]) -> list[str]:
    listed = at(profile, "linuxConfiguration", "ssh", "publicKeys") or []
    return [key["keyData"] for key in listed if key.get("keyData")]
