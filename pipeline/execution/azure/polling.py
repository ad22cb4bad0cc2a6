"""How the SDK follows an operation: to its end, and no further."""

from __future__ import annotations

from typing import Any


def to_the_end(interval: float) -> Any:
    """A polling method, asked every so many seconds where Azure names no time.

    The SDK's own asks once more afterwards, for the resource (`final-state-via`); nobody here reads
    that, and an operation that `Succeeded` needs no second witness (ARM's asynchronous operations).
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

    ways = [ToTheEnd(), BodyContentPolling(), LocationPolling(), StatusCheckPolling()]
    return ARMPolling(interval, lro_algorithms=ways)
