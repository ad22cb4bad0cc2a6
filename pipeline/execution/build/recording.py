"""Writing down what is in a version, while the machine of its check is there."""

from __future__ import annotations

from pipeline.errors import StateFileError
from pipeline.execution.hosts import SshHost
from pipeline.execution.packages.gathering import gather
from pipeline.execution.run.work import Work


def packages(work: Work, host: SshHost) -> str:
    """Write down its packages in the run's folder: how many, "" where it tells of none.

    No check fails for it; later, `nightly` says that nobody wrote them down.
    """
    work.still_waiting()
    try:
        found = gather(host.config, host.user, (host.address, host.port), work.run.folder)
    except StateFileError as error:
        work.session.output.say(f"{error}: its packages are not written down")
        return ""
    return f"{len(found.packages)} packages" if found else ""
