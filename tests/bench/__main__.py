"""`make bench`: prints figures and never fails on one.

Boots through the emulator against bare QEMU, `build-image` against bare `packer build` plus the
boot of a machine, the speed of `invoke --list`, the memory that emulator and pipeline need, and
swaps and status on an Azure that is far away.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from pipeline import advice
from pipeline.demo import Demo, Scene
from pipeline.execution.packer.tools import find_tools
from pipeline.output.people import ForPeople
from tests.bench.boots import OFFER, PUBLISHER, SKU, bare_boots
from tests.bench.figures import peak_memory, seconds, spread, tell
from tests.bench.swaps import fleet, swaps
from tests.conftest import ROOT, free_addresses

BOOTS = 3
PORT = 9563
INVOKE = [sys.executable, "-m", "invoke", "--search-root", str(ROOT)]


class Bench:
    """One emulator with real machines, and a landing zone in it."""

    def __init__(self, folder: Path, block: str) -> None:
        images = ROOT / "images"
        scene = Scene(ROOT, folder / "project", images, port=PORT, addresses=block)
        self.demo = Demo(scene, ForPeople())
        self.folder = folder
        self.block = block
        self.facts: dict[str, Any] = {}

    def start(self) -> None:
        """An emulator and an empty landing zone."""
        self.demo.prepare()
        self.demo.invoke(advice.start_emulator(), "--addresses", self.block, quiet=True)
        self.demo.invoke(advice.create_environment(), quiet=True)
        self.facts = self.demo.emulator()

    def list_commands(self) -> None:
        """What a person waits for before anything happens."""
        times = [seconds(lambda: self._run("--list")) for _ in range(5)]
        tell("invoke --list", spread(times))

    def boots(self) -> None:
        """From the request to SSH, against the start of QEMU to SSH."""
        address = self.block.replace(".0.0/15", ".250.250")
        kind, times = asyncio.run(bare_boots(self.folder / "bare", address, BOOTS))
        tell(f"bare QEMU ({kind}), same image, to SSH", spread(times))
        through = [
            seconds(partial(self._machine, f"boot-{number}", _MARKETPLACE))
            for number in range(BOOTS)
        ]
        tell("emulator, PUT of a virtual machine to SSH", spread(through))

    def builds(self) -> None:
        """The whole of `build-image` against what it is made of, by hand."""
        peak = _Peak()
        took = seconds(lambda: peak.run([*INVOKE, "build-image", "web"], self.demo.folder))
        tell("invoke build-image web (bake, boot, check, mark)", f"{took:.1f} s")
        tell("  peak memory of the pipeline itself", f"{peak.mebibytes} MiB")
        bake = seconds(self._packer_by_hand)
        version = f"{self._gallery()}/images/web/versions/1.9.0"
        boot = seconds(lambda: self._machine("by-hand", {"id": version}))
        tell("bare packer build, then the boot of a machine", f"{bake:.1f} + {boot:.1f} s")
        took = seconds(lambda: self._run("build-image", "web"))
        tell("invoke build-image web, nothing to do", f"{took:.2f} s")
        tell("peak memory of the emulator", f"{peak_memory(self.facts['pid'])} MiB")

    def _run(self, *words: str) -> None:
        subprocess.run(
            [*INVOKE, *words], cwd=self.demo.folder, check=True, stdout=subprocess.DEVNULL
        )

    def _packer_by_hand(self) -> None:
        """With the var-file of the build before, as another version."""
        state = self.demo.folder / ".pipeline"
        (made,) = state.glob("runs/*/*.pkrvars.json")
        variables = json.loads(made.read_text())
        # Without our tags: it is nobody's unchecked version of these inputs.
        variables |= {
            "image_version": "1.9.0",
            "temp_resource_group_name": "by-hand",
            "tags": {},
        }
        var_file = self.folder / "by-hand.pkrvars.json"
        var_file.write_text(json.dumps(variables))
        tools = find_tools(dict(os.environ))
        secret = json.loads(Path(self.facts["credentials_file"]).read_text())["client_secret"]
        environment = {
            **os.environ,
            **tools.environment(),
            "SSL_CERT_FILE": self.facts["ca_file"],
            "PKR_VAR_client_secret": secret,
        }
        subprocess.run(
            [str(tools.packer), "build", f"-var-file={var_file}", "packer/linux"],
            cwd=self.demo.folder,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def _group(self) -> str:
        return f"/subscriptions/{self.facts['subscription']}/resourceGroups/bakeswap-local"

    def _gallery(self) -> str:
        return f"{self._group()}/providers/Microsoft.Compute/galleries/bakeswap"

    def _machine(self, name: str, image: dict[str, str]) -> None:
        """One virtual machine, by the SDK; it stays, so that the next one finds what users find."""
        from tests.bench.machines import boot  # noqa: PLC0415 - the SDK takes half a second

        boot(self.facts, self._group(), name, image)


class _Peak:
    """Runs a command and watches how much memory it takes."""

    def __init__(self) -> None:
        self.mebibytes = 0

    def run(self, command: list[str], folder: Path) -> None:
        """Raises CalledProcessError when the command fails."""
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.2):
                self.mebibytes = max(self.mebibytes, peak_memory(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = process.wait()
        ended.set()
        watcher.join()
        if code:
            raise subprocess.CalledProcessError(code, command)


_MARKETPLACE = {"publisher": PUBLISHER, "offer": OFFER, "sku": SKU, "version": "latest"}


def main() -> None:
    """Everything, in about ten minutes without KVM."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bakeswap-bench-")))
        bench = Bench(folder, stack.enter_context(free_addresses()))
        stack.callback(bench.demo.end_emulator)
        bench.start()
        bench.list_commands()
        bench.boots()
        bench.builds()
        bench.demo.end_emulator()
        swaps(folder, bench.block)
        fleet(folder, bench.block)


if __name__ == "__main__":
    main()
