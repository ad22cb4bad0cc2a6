"""Azure's words for what a probe found: the `reason` in a rule's health.

https://learn.microsoft.com/azure/load-balancer/load-balancer-manage-health-status (2024-10-30).
"""

from __future__ import annotations

from pipeline.emulator.balancer.traffic import Finding, Probe

_FOR_HTTP = {
    "L7STS": "Down_Probe_HttpStatusCodeError",
    "L4CON": "Down_Probe_HttpEndpointUnreachable",
    "L4TOUT": "Down_Probe_HttpEndpointUnreachable",
    "SOCKERR": "Down_Probe_HttpEndpointUnreachable",
}
_NO_ANSWER = "Down_Probe_HttpNoResponse"
_NO_CONNECTION = "Down_Probe_TcpProbeTimeout"
_NOT_PROBED = "NA"
TAKEN_DOWN = "Down_Admin"
"""Of a member whose admin state is `Down`, whatever its probe finds."""


def reason(probe: Probe, finding: Finding | None) -> tuple[bool, str]:
    """Whether a member is up, and why."""
    if finding is None or finding.check in {"", "INI"}:
        return False, _NOT_PROBED
    if finding.status.startswith("UP"):
        # HAProxy counts failures behind the word: `UP 1/2` is one away from down.
        is_failing = finding.status != "UP"
        word = "ApproachingUnhealthyThreshold" if is_failing else "Success"
        return True, f"Up_Probe_{word}"
    if probe.protocol == "tcp":
        return False, _NO_CONNECTION
    return False, _FOR_HTTP.get(finding.check, _NO_ANSWER)
