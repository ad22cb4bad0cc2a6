"""What an image says about hygiene: which packaged checks it is spared, and what may stay.

The names of the checks are here, for an author writes them; what each looks for is in
`pipeline/hygiene`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KINDS: Final = (
    *("ssh_host_keys", "machine_id", "random_seed", "dhcp_leases", "journal"),
    *("cloud_init", "agent_state", "build_user", "sudoers", "password_hashes"),
    *("authorized_keys", "known_hosts", "histories", "private_keys", "tokens"),
    *("credential_files", "cloud_credentials", "registry_logins", "kubeconfig"),
    *("world_writable", "setuid", "listening", "core_dumps", "temporary_files"),
)
"""Every kind of leftover that is looked for, by the name of its check."""
ALL_KINDS: Final = "all"
"""In place of every kind."""


@dataclass(frozen=True, slots=True)
class Hygiene:
    """What an author says about the packaged checks of hygiene."""

    skip: tuple[str, ...] = ()
    """Kinds that are not looked for; `all` for none of them."""
    allow: tuple[str, ...] = ()
    """What may be found: `/opt/app/tmp`, `tcp 9100`, the name of a user; `*` for any text."""

    @property
    def skipped(self) -> frozenset[str]:
        """The kinds that are not looked for."""
        return frozenset(KINDS if ALL_KINDS in self.skip else self.skip)


ON = Hygiene()
"""What an image that says nothing about it has: every check."""
