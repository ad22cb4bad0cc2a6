"""`osProfile`: what is answered, what is secret, and what a first boot gets."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

from pipeline.emulator.arm.errors import invalid_parameter, not_served
from pipeline.emulator.compute.wording import at, is_true, missing
from pipeline.emulator.machines.seam import Profile

_SECRET = ("adminPassword", "customData")
_RESERVED = frozenset(
    {"root", "admin", "administrator", "guest", "sys", "test", "user1", "console", "support"}
    | {"backup", "actuser", "adm", "aspnet", "owner", "server", "sql", "video", "david", "john"}
)
_LONGEST_CUSTOM_DATA = 87380


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is never answered by a GET; data in Base64, as it was sent."""

    password: str | None = field(default=None, repr=False)
    custom_data: str | None = field(default=None, repr=False)
    user_data: str | None = field(default=None, repr=False)

    def over(self, kept: Secrets) -> Secrets:
        """These, and those of `kept` that are not given again."""
        return Secrets(
            self.password or kept.password,
            self.custom_data or kept.custom_data,
            self.user_data or kept.user_data,
        )


def without_secrets(profile: dict[str, Any], user_data: Any) -> tuple[dict[str, Any], Secrets]:
    """The part of an `osProfile` that may be answered, and the part that may not."""
    shown = {name: value for name, value in profile.items() if name not in _SECRET}
    password, custom_data = (_text(profile.get(name)) for name in _SECRET)
    secrets = Secrets(password, custom_data, _text(user_data))
    decoded("userData", secrets.user_data)
    return shown, secrets


def _text(value: Any) -> str | None:
    return str(value) if value else None


def check(profile: dict[str, Any], secrets: Secrets) -> None:
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
    if not _keys(profile) and (is_password_off or not secrets.password):
        raise invalid_parameter(
            "linuxConfiguration",
            "Authentication using either SSH or by user name and password must be enabled in "
            "Linux profile.",
        )
    decoded("customData", secrets.custom_data)


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


def first_boot(profile: dict[str, Any], secrets: Secrets) -> Profile:
    """What the machine gets at its first boot."""
    linux = profile.get("linuxConfiguration") or {}
    is_password_off = is_true(linux.get("disablePasswordAuthentication"))
    return Profile(
        hostname=profile["computerName"],
        admin_username=profile["adminUsername"],
        ssh_keys=tuple(_keys(profile)),
        password=None if is_password_off else secrets.password,
        custom_data=decoded("customData", secrets.custom_data),
        user_data=decoded("userData", secrets.user_data),
    )


def _keys(profile: dict[str, Any]) -> list[str]:
    listed = at(profile, "linuxConfiguration", "ssh", "publicKeys") or []
    return [key["keyData"] for key in listed if key.get("keyData")]
