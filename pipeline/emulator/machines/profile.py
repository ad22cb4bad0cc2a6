"""A `Profile` as a tar archive on a read-only drive of the guest."""

from __future__ import annotations

import io
import tarfile

from pipeline.emulator.machines.seam import Profile


def archive(profile: Profile, identity: str) -> bytes:
    """The drive's contents, read by `guest/provision`.

    `identity` belongs to the disk: the guest provisions itself once for each one that it sees.
    """
    files = {
        "id": identity.encode(),
        "hostname": profile.hostname.encode(),
        "username": profile.admin_username.encode(),
        "authorized_keys": "".join(f"{key.strip()}\n" for key in profile.ssh_keys).encode(),
    }
    optional = {
        "password": profile.password.encode() if profile.password is not None else None,
        "CustomData": profile.custom_data,
        "UserData": profile.user_data,
    }
    files |= {name: content for name, content in optional.items() if content is not None}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o600
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
