# SPDX-License-Identifier: Apache-2.0
"""The boot check: start a machine, watch it, say whether its guest came up, leave nothing.

The machine is started on what its drives are, so whoever calls gives it overlays that are thrown
away. Console, packets and QMP come through sockets and pipes without a name, so there is nothing to
clean up but the process, which the kernel ends if we are killed.

The guest is not trusted: what it says is bounded and never obeyed. Source for the failure's text:
the guide, troubleshooting, "FirstBootFailure" (aws-behaviour.md, 3.4 and 11).
"""

from __future__ import annotations

import fcntl
import os
import selectors
import socket
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from vmferry.compute.evidence import Evidence, Proof
from vmferry.compute.monitor import Monitor
from vmferry.compute.network import LOOPBACK, Card, Forward
from vmferry.compute.process import read_complaint, read_now, start_mortal
from vmferry.errors import GuestError, ServiceError
from vmferry.model.guest import Platform
from vmferry.units import MIB

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from vmferry.compute.accelerator import Accelerator
    from vmferry.compute.machine import Machine

FIRST_BOOT_FAILURE: Final = (
    "FirstBootFailure: This import request failed because the instance failed to boot and "
    "establish network connectivity."
)
FIRST_BOOT_FAILURE_WINDOWS: Final = (
    "FirstBootFailure: This import request failed because the Windows instance failed to boot and "
    "establish network connectivity."
)

TICK_S: Final = 0.5
PAUSE_S: Final = 0.05
"""Consoles speak letter by letter: looking at each would cost the guest a core."""

SSH_PORT: Final = 22
SSH_RETRY_S: Final = 2.0
SSH_PATIENCE_S: Final = 20.0
"""Of one connection: QEMU accepts it before the guest does."""

LONGEST_GREETING: Final = 256
PIPE: Final = MIB
"""A full pipe would stop the machine's network, and lose characters of its console."""

SHOWN_LINES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BootReport:
    """What came of a boot.

    Attributes:
        booted: Whether the guest came up.
        seconds: From the start of QEMU until that was known.
        accelerator: ``kvm`` or ``tcg``.
        failure: Why it did not boot, in words; ``""`` if it did.
        address: What DHCP gave it, ``""`` for nothing.
        proofs: What was seen, and after how many seconds.
        restarts: How often the guest restarted by itself.
        console: The last lines of the serial console.
    """

    booted: bool
    seconds: float
    accelerator: str
    failure: str = ""
    address: str = ""
    proofs: dict[str, float] = field(default_factory=dict)
    restarts: int = 0
    console: tuple[str, ...] = ()


def check_boot(
    machine: Machine,
    accelerator: Accelerator,
    *,
    deadline_s: float,
    tick: Callable[[float], None],
    address: bool = True,
) -> BootReport:
    """Boot a machine and return what came of it.

    Args:
        machine: What is booted and written to; its console, its monitor and what its card forwards
            are ours.
        accelerator: What runs it.
        deadline_s: How long it may take with KVM; more under emulation (``Accelerator.patience``).
        tick: Called about every half second with the seconds that have passed; may raise to stop.
        address: Whether the guest must ask for an address; ``False`` for one that keeps its own,
            which nothing here can reach, so that its login prompt decides.

    Raises:
        ServiceError: QEMU did not start, or ended by itself.
        GuestError: The machine's parts do not fit together.
        SetupError: What the machine needs is not installed.
    """
    with ExitStack() as stack:
        watch = _Watch(stack, machine, accelerator)
        watch.evidence.address = address
        deadline = deadline_s * accelerator.patience
        while (verdict := watch.evidence.verdict(watch.now, deadline)) is None:
            tick(watch.now)
            watch.step()
        return _report(watch, accelerator.name, verdict.failure)


def first_boot_failure(report: BootReport, platform: Platform = Platform.LINUX) -> GuestError:
    """Return the error of a task whose guest did not boot: AWS's text, the cause, the console."""
    windows = platform is Platform.WINDOWS
    last = "; ".join(report.console[-5:])
    return GuestError(
        f"boot check: {report.failure}",
        hint=f"The last lines of the console are: {last}" if last else "The console was silent",
        aws_text=FIRST_BOOT_FAILURE_WINDOWS if windows else FIRST_BOOT_FAILURE,
    )


def _report(watch: _Watch, accelerator: str, failure: str) -> BootReport:
    evidence = watch.evidence
    return BootReport(
        booted=not failure,
        seconds=round(watch.now, 1),
        accelerator=accelerator,
        failure=failure,
        address=evidence.dhcp.lease.address if evidence.dhcp.lease else "",
        proofs={str(proof): round(at, 1) for proof, at in evidence.proofs.items()},
        restarts=evidence.resets,
        console=evidence.console.lines(SHOWN_LINES),
    )


class _Watch:
    """A running machine and everything that is known of it; ``stack`` ends it."""

    def __init__(self, stack: ExitStack, machine: Machine, accelerator: Accelerator) -> None:
        self._serial, serial = _pipe(stack)
        self._traffic, traffic = _pipe(stack)
        ours, theirs = socket.socketpair()
        stack.enter_context(ours)
        inherited = [serial, traffic, theirs.fileno()]
        try:
            command = _watched(machine, *inherited).command(accelerator)
            process = start_mortal(command, inherited)
        finally:
            theirs.close()
            os.close(serial)
            os.close(traffic)
        stack.callback(_end, process)
        self._process, self._complaint = process, ""
        self._began = time.monotonic()
        self.evidence = Evidence(patience=accelerator.patience)
        try:
            self._monitor = Monitor(ours)
            self._ssh = _Ssh(self._monitor.forwards().get(SSH_PORT, 0))
        except ServiceError as error:
            raise self._death(error) from error
        stack.callback(self._ssh.close)
        self._selector = stack.enter_context(selectors.DefaultSelector())
        for end in (self._serial, self._monitor, self._traffic):
            self._selector.register(end, selectors.EVENT_READ)

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def step(self) -> None:
        """Take what there is; wait for it up to half a second."""
        self._selector.select(TICK_S)
        time.sleep(PAUSE_S)
        now = self.now
        said = read_now(self._serial)
        if said:
            self.evidence.hear(said, now)
        packets = read_now(self._traffic)
        if packets:
            self.evidence.see(packets, now)
        self._complaint = read_complaint(self._process, self._complaint)
        try:
            for event in self._monitor.events():
                self.evidence.happen(event)
        except ServiceError as error:
            raise self._death(error) from error
        if Proof.DHCP in self.evidence.proofs and self._ssh.answered(now):
            self.evidence.answer(now)

    def _death(self, error: ServiceError) -> ServiceError:
        self._process.kill()
        status = self._process.wait()
        said = read_complaint(self._process, self._complaint).strip() or error.message
        return ServiceError(f"boot check: QEMU ended with {status}: {said.splitlines()[-1]}")


class _Ssh:
    """Asks again and again whether ssh answers at a port, without ever waiting."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._since = -SSH_RETRY_S

    def answered(self, now: float) -> bool:
        """Return whether a server has greeted by now."""
        if self._socket is None:
            if now - self._since < SSH_RETRY_S or not self._port:
                return False
            self._since = now
            self._socket = socket.socket()
            self._socket.setblocking(False)
            self._socket.connect_ex((LOOPBACK, self._port))
        try:
            greeting = self._socket.recv(LONGEST_GREETING)
        except BlockingIOError:
            if now - self._since < SSH_PATIENCE_S:
                return False
            greeting = b""
        except OSError:
            greeting = b""
        if not greeting.startswith(b"SSH-"):
            self.close()
            return False
        return True

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _watched(machine: Machine, serial: int, traffic: int, monitor: int) -> Machine:
    card = machine.card or Card()
    card = replace(card, forwards=(Forward(guest=SSH_PORT),), traffic=traffic)
    return replace(machine, card=card, serial=serial, serial_log=None, monitor=monitor)


def _pipe(stack: ExitStack) -> tuple[int, int]:
    """Return a pipe that holds what a machine says in some seconds; ``stack`` closes our end."""
    reader, writer = os.pipe()
    stack.callback(os.close, reader)
    with suppress(PermissionError):  # the user's pipes have used up their share
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE)
    return reader, writer


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    if process.stderr is not None:
        process.stderr.close()
