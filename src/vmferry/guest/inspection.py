# SPDX-License-Identifier: Apache-2.0
"""Inspection: look at a guest in a child process that is fed bytes and trusted with nothing.

Parsers of file systems are C code that reads hostile bytes, so they run in a process of their own
that holds no file, key or network (``sandbox.py``); a crash, a loop or a greedy read ends that
process, and becomes a ``GuestError`` that names it.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final, Self

from vmferry.errors import GuestError
from vmferry.guest import wire
from vmferry.guest.sandbox import CPU_S
from vmferry.units import MIB, human

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.model.disk import Disk
    from vmferry.model.fixup import Choices, Plan
    from vmferry.model.guest import GuestFacts

MOST_BYTES: Final = 256 * MIB
"""A Debian 12 guest needs about 4 MiB; a real guest never needs this much, a hostile one may."""

MOST_DISKS: Final = 64

START: Final = "import sys; sys.path[:] = {path!r}; from vmferry.guest.child import main; main()"
"""Isolated and without ``site``: starting takes 15 ms, not 60, and no environment is looked at."""

END_S: Final = 2.0


class Child:
    """An inspecting process that waits for its question: its parsers take 0.1 s to load."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", START.format(path=[p for p in sys.path if p])],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
            )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, whatever it is at."""
        self.process.kill()
        self.process.wait()
        self.socket.close()


def inspect(
    disks: Sequence[Disk], child: Child | None = None, *, deadline_s: float = 30
) -> GuestFacts:
    """Return what is on a machine's disks; reads a few MiB of them.

    Args:
        disks: The disks, the boot disk first.
        child: A process that was started ahead; it is ended.
        deadline_s: Seconds until the look is given up.

    Raises:
        GuestError: No machine that can be imported is on the disks, or looking at them crashed the
            inspecting process, took too long or wanted too many bytes.
        FormatError: From a disk: the bytes that describe it are damaged.
        SourceError: From a disk: the object below cannot be read.
    """
    return wire.facts_from_json(_asked(disks, None, wire.LONGEST_ANSWER, deadline_s, child))


def plan(disks: Sequence[Disk], choices: Choices, *, deadline_s: float = 60) -> Plan:
    """Return what would be changed in a machine; nothing is written. Raises as ``inspect`` does."""
    return wire.plan_from_json(_asked(disks, choices, wire.LONGEST_PLAN, deadline_s))


def _asked(
    disks: Sequence[Disk],
    choices: Choices | None,
    longest: int,
    deadline_s: float,
    child: Child | None = None,
) -> bytes:
    """Return the child's answer."""
    if not 0 < len(disks) <= MOST_DISKS:
        raise GuestError(f"inspection: found {len(disks)} disks, expected 1 to {MOST_DISKS}")
    question = wire.Question(sizes=tuple(disk.size for disk in disks), choices=choices)
    with child or Child() as asked:
        try:
            conversation = _Conversation(asked.socket, disks, time.monotonic() + deadline_s)
            return conversation.answer(wire.to_json(question), longest)
        except wire.ClosedError as error:
            raise _death(asked.process) from error
        except TimeoutError as error:
            raise GuestError(
                f"inspection: no answer after {deadline_s:g} s",
                hint="The disk is damaged, or its bucket is too slow",
            ) from error


class _Conversation:
    """Serves the child's reads until it answers."""

    def __init__(self, child: socket.socket, disks: Sequence[Disk], deadline: float) -> None:
        self._child = child
        self._disks = disks
        self._deadline = deadline
        self._left = MOST_BYTES

    def answer(self, question: bytes, longest: int) -> bytes:
        """Return the answer, up to ``longest`` bytes, to what is asked."""
        self._send(wire.COUNT.pack(len(question)) + question)
        while True:
            kind, disk, offset, length = wire.HEADER.unpack(self._receive(wire.HEADER.size))
            if kind == wire.READ:
                self._send(self._read(disk, offset, length))
            elif kind in (wire.ANSWER, wire.ERROR) and length <= longest:
                answer = self._receive(length)
                if kind == wire.ERROR:
                    raise wire.error_from_json(answer)
                return answer
            else:
                raise GuestError("inspection: the inspecting process spoke nonsense")

    def _read(self, disk: int, offset: int, length: int) -> bytes:
        if (
            disk >= len(self._disks)
            or not 0 < length <= wire.LONGEST_READ
            or offset + length > self._disks[disk].size
        ):
            raise GuestError(
                f"inspection: asked for {length} bytes at byte {offset} of disk {disk}"
            )
        self._left -= length
        if self._left < 0:
            raise GuestError(
                f"inspection: wanted more than {human(MOST_BYTES)} of the disks",
                hint="The file system is damaged: run fsck in the machine and export it again",
            )
        return self._disks[disk].read_at(offset, length)

    def _send(self, data: bytes) -> None:
        self._arm()
        try:
            self._child.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise wire.ClosedError from error

    def _receive(self, length: int) -> bytes:
        self._arm()
        try:
            return wire.receive(self._child, length)
        except ConnectionResetError as error:
            raise wire.ClosedError from error

    def _arm(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._child.settimeout(left)


def _death(process: subprocess.Popen[bytes]) -> GuestError:
    """Return what ended the child."""
    try:
        status = process.wait(END_S)
    except subprocess.TimeoutExpired:
        return GuestError("inspection: the inspecting process stopped talking")
    if status == -signal.SIGXCPU:
        return GuestError(
            f"inspection: found no end in {CPU_S} s of processor time",
            hint="A file system is damaged: run fsck in the machine and export it again",
        )
    if status < 0:
        name = signal.Signals(-status).name
        return GuestError(f"inspection: the inspecting process was ended by {name}")
    return GuestError(f"inspection: the inspecting process failed with status {status}")
