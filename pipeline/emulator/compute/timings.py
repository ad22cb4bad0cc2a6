"""How long compute's operations take in Azure.

Recorded (azure-cli and azure-service-operator, 2019 to 2026): creations, changes of a scale set's
model, actions. Where one recording is known, the range about it is estimated; so are deletions, and
changes of a machine or a version.
"""

from __future__ import annotations

from pipeline.emulator.arm.timings import ESTIMATED, Timing, Timings

_ASKS = (10, 61, 30)
"""Of the creation of a scale set, recorded in 2026."""
_ACTIONS = {
    "deallocate": Timing(51.2, 75, 99.2, _ASKS),
    "poweroff": Timing(8, 10.4, 13, _ASKS),
    "restart": Timing(50, 67.6, 80, _ASKS),
}

OF_MACHINES = Timings(created=Timing(45, 58, 90, _ASKS), changed=ESTIMATED, actions=_ACTIONS)
OF_INSTANCES = Timings(actions=_ACTIONS)
OF_SCALE_SETS = Timings(
    created=Timing(39.8, 75.8, 201.7, _ASKS),
    changed=Timing(0.14, 0.14, 11.86, _ASKS),
    deleted=Timing(30, 60, 120),
    actions={**_ACTIONS, "manualupgrade": Timing(8, 10.6, 14, _ASKS)},
)
OF_IMAGES = Timings(created=Timing(5.1, 7.6, 10.1))
OF_VERSIONS = Timings(
    created=Timing(360.5, 450.8, 541.1, (10, 30)),
    changed=Timing(5, 10, 20, (10, 30)),
    deleted=Timing(10, 20, 40, (60,)),
)
