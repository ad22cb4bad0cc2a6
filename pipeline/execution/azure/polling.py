"""How the SDK follows an operation: as soon as Azure's limits allow, to its end, and no further."""

from __future__ import annotations

from typing import Any

SHARE = 0.1
"""Of what an operation took so far, until it is looked at again, whatever `Retry-After` says: its
estimates are generous, Microsoft says (azure-sdk-for-net#21196), a minute for what took seconds."""
SHORTEST = 0.25
"""Seconds between polls at first. With SHARE that makes 43 in the first minute and 7 in the next:
Azure lets 15 a minute through for each resource, with 45 in reserve (`GetOperation`, compute
throttling limits)."""


def to_the_end(interval: float) -> Any:
    """A polling method, asked every so many seconds where Azure names no time.

    The SDK's own waits as long as `Retry-After` says, and asks once more afterwards, for the
    resource (`final-state-via`): nobody here reads that, and an operation that `Succeeded` needs no
    second witness (ARM's asynchronous operations).
    """
    from azure.core.polling.base_polling import (  # noqa: PLC0415 - slow to import
        LocationPolling,
        StatusCheckPolling,
    )
    from azure.mgmt.core.polling.arm_polling import (  # noqa: PLC0415 - slow to import
        ARMPolling,
        AzureAsyncOperationPolling,
        BodyContentPolling,
    )

    class ToTheEnd(AzureAsyncOperationPolling[Any, Any]):
        """Follows `Azure-AsyncOperation`."""

        def get_final_get_url(self, pipeline_response: Any) -> None:
            """None: nothing is asked afterwards."""

    class Sooner(ARMPolling):
        """Polls when an operation has lasted a tenth longer than at the last poll."""

        waited = 0.0

        def _extract_delay(self) -> float:
            delay = min(super()._extract_delay(), max(SHORTEST, self.waited * SHARE))
            self.waited += delay
            return delay

    ways = [ToTheEnd(), BodyContentPolling(), LocationPolling(), StatusCheckPolling()]
    return Sooner(interval, lro_algorithms=ways)
