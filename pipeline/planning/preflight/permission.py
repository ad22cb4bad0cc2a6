"""Whether Azure would let us: locks, provider registrations, the credential's life."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.planning.names import declared_id
from pipeline.planning.preflight.facts import Credential, Facts, Lock, Registration, Unknown
from pipeline.planning.preflight.finding import Finding, az, failed, known, ok, warning
from pipeline.planning.preflight.wanted import Wanted

READ_ONLY = "ReadOnly"
USUAL_STAGE = 1800
"""Seconds: what the creation of a scale set may take (`execution/patience.py`)."""
RENEWABLE = 600
"""Seconds that a proof must last to be one that somebody renews: those of CI runners last 5 to 10
minutes, and are static; those of Kubernetes are rewritten long before."""
_MINUTE = 60


def permission_findings(facts: Facts) -> Iterator[Finding]:
    """Of locks, registrations and the credential."""
    yield from known("locks", facts.locks, lambda found: _locks(facts.wanted, found))
    if isinstance(facts.locks_above, Unknown):
        what = f"those of the subscription could not be known: {facts.locks_above.why}"
        yield Finding("locks", "unknown", what)
    for provider in facts.providers:
        yield from known("provider", provider, _registered)
    yield from known("credential", facts.credential, _lives)


def _locks(wanted: Wanted, locks: tuple[Lock, ...]) -> Iterator[Finding]:
    counting = [lock for lock in locks if _counts(wanted, lock)]
    yield from (_locked(lock) for lock in counting)
    if not counting:
        yield ok("locks", f"none on resource group {wanted.environment.resource_group}")


def _counts(wanted: Wanted, lock: Lock) -> bool:
    """Whether a lock is on what is written, above it, or on one of the group's scale sets."""
    group = f"/subscriptions/{wanted.environment.subscription}/resourceGroups/"
    group += wanted.environment.resource_group
    declared = wanted.environment.load_balancer_of(wanted.image.name)
    written = [group]
    if declared:
        written.append(str(declared_id(wanted.environment, declared)))
    scope = lock.scope.lower().rstrip("/")
    if any(_is_within(one.lower(), scope) for one in written):
        return True
    return "/virtualmachinescalesets/" in scope and _is_within(scope, group.lower())


def _is_within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}/")


def _locked(lock: Lock) -> Finding:
    identifier = f"{lock.scope}/providers/Microsoft.Authorization/locks/{lock.name}"
    command = az("remove it", f"lock delete --ids {identifier}")
    if lock.level == READ_ONLY and "/virtualmachinescalesets/" not in lock.scope.lower():
        what = f"{lock.name} ({READ_ONLY}) on {lock.scope} refuses every write (ScopeLocked)"
        return failed("locks", what, "remove the lock, or ask its owner", command)
    what = f"{lock.name} ({lock.level}) on {lock.scope} will refuse later deletions (ScopeLocked)"
    return warning("locks", what, "remove it before something is to be deleted", command)


def _registered(found: Registration) -> Iterator[Finding]:
    if found.state.lower() == "registered":
        yield ok("provider", f"{found.namespace} is registered")
    else:
        yield failed(
            "provider",
            f"{found.namespace} is {found.state or 'not registered'}",
            "register it; that takes some minutes",
            az("register it", f"provider register --namespace {found.namespace}"),
        )


def _lives(found: Credential) -> Iterator[Finding]:
    """A token that cannot be renewed ends a stage in its middle (AADSTS700024)."""
    token = f"the access token is valid for {_minutes(found.seconds)}"
    proof = found.proof_seconds
    if proof is None or proof > RENEWABLE:
        yield ok("credential", token)
    elif found.seconds >= USUAL_STAGE:
        yield ok("credential", f"{token} and cannot be renewed")
    else:
        level = warning if found.seconds > _MINUTE else failed
        state = f"ends in {_minutes(proof)}" if proof > 0 else "has ended"
        yield level(
            "credential",
            f"{token}; the assertion in {found.proof} that would renew it {state}",
            "sign in again, or use a credential that renews itself (a managed identity, a client"
            " secret)",
        )


def _minutes(seconds: float) -> str:
    return f"{max(seconds, 0) / _MINUTE:.0f} min"
