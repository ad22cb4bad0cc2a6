"""The command line of a guest. It holds no secret: every user of the host can read it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal

from pipeline.emulator.machines.agent import PORT
from pipeline.emulator.machines.disks import INITRD, KERNEL, OVERLAY
from pipeline.emulator.machines.seam import SSH_PORT, Machine

Kind = Literal["kvm", "tcg"]

MEMORY_LIMIT_MIB: Final = 1024
"""The most memory a guest gets. Azure's smallest usual sizes have more than a local one needs."""
GUEST_SSH_PORT: Final = 22
CONSOLE: Final = "console.log"
PROFILE: Final = "profile.tar"
PROCESS_ID: Final = "qemu.pid"

KERNEL_ARGUMENTS: Final = (
    "console=ttyS0",
    "root=/dev/vda",
    "rw",
    "rootflags=noinit_itable",  # idle guests write nothing
    "panic=5",
    "net.ifnames=0",
    # The guest is as safe as the host; under software emulation these cost a second of each boot.
    "mitigations=off",
    "nokaslr",
    "tsc=reliable",
    "no_timer_check",
    "cryptomgr.notests",
)


def forward(address: str, port: int) -> str:
    """A port of the guest as it is served on the host, in the syntax of `hostfwd`."""
    served = SSH_PORT if port == GUEST_SSH_PORT else port
    return f"tcp:{address}:{served}-:{port}"


def board(kind: Kind) -> list[str]:
    """The options for the machine's board and processor, under KVM or software emulation."""
    machine = ["-machine", "q35,usb=off,sata=off,smbus=off,vmport=off"]
    if kind == "kvm":
        return [*machine, "-accel", "kvm", "-cpu", "host"]
    # Left out of the processor: what the kernel would use at a cost that emulation makes high.
    return [
        *machine,
        "-accel",
        "tcg,thread=multi,tb-size=128",
        "-cpu",
        "max,-la57,-smap,-smep,-pku",
    ]


def command(machine: Machine, disk: Path, folder: Path, accelerator: Kind, agent: int) -> list[str]:
    """The options of `qemu-system-x86_64` for a machine, its disk's folder and its own folder.

    `agent` is the descriptor that QEMU inherits for its guest agent.

    QMP is spoken on standard input and output. Leftovers are found by what `-pidfile` names.
    """
    cores = min(machine.cores, os.cpu_count() or 1) if accelerator == "kvm" else 1
    network = ["user", "id=net", "ipv6=off"]
    network += [
        f"hostfwd={forward(machine.address, port)}"
        for port in sorted(machine.ports | {GUEST_SSH_PORT})
    ]
    options = [
        *("-pidfile", str(folder / PROCESS_ID)),
        *("-name", f"guest={machine.name}"),
        *("-nodefaults", "-no-user-config", "-display", "none"),
        *board(accelerator),
        *("-smp", str(max(1, cores))),
        *("-m", str(min(machine.memory_mib, MEMORY_LIMIT_MIB))),
        *("-kernel", str(disk / KERNEL), "-initrd", str(disk / INITRD)),
        *("-append", " ".join(KERNEL_ARGUMENTS)),
        *("-drive", _drive("os", disk / OVERLAY, "qcow2,cache=unsafe,discard=unmap")),
        *("-device", "virtio-blk-pci,drive=os"),
        *("-netdev", ",".join(network), "-device", "virtio-net-pci,netdev=net,romfile="),
        *("-device", "virtio-rng-pci"),
        *("-serial", f"file:{escaped(folder / CONSOLE)}"),
        *("-chardev", f"socket,id=agent,fd={agent}"),
        *("-device", "virtio-serial-pci"),
        *("-device", f"virtserialport,chardev=agent,name={PORT}"),
        *("-qmp", "stdio"),
    ]
    if machine.profile is not None:
        options += ["-drive", _drive("profile", folder / PROFILE, "raw,readonly=on")]
        options += ["-device", "virtio-blk-pci,drive=profile"]
    return options


def _drive(name: str, path: Path, format_and_options: str) -> str:
    return f"if=none,id={name},file={escaped(path)},format={format_and_options}"


def escaped(path: Path) -> str:
    """A path inside an option's value, where a comma ends the value unless doubled."""
    return str(path).replace(",", ",,")
