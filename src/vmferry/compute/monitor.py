# SPDX-License-Identifier: Apache-2.0
"""QMP: asking and telling a running QEMU, one JSON document a line.

Source: QEMU, docs/interop/qmp-spec.rst; docs/interop/qemu-qmp-ref.
"""

from __future__ import annotations

import json
import re
import socket
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vmferry.errors import ServiceError
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_LINE: Final = MIB
MOST_EVENTS: Final = 1000
ANSWER_S: Final = 30.0

_FORWARD: Final = re.compile(r"TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)\s+\S+\s+(\d+)\s")


class Event(NamedTuple):
    """Something that happened to the machine.

    Attributes:
        name: ``RESET``, ``SHUTDOWN``, ``GUEST_PANICKED``, …
        data: What QEMU says about it.
    """

    name: str
    data: dict[str, Any]


class Monitor:
    """A QMP session; takes over the connected socket.

    Raises:
        ServiceError: QEMU ended, is silent, or speaks something else.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = b""
        self._events: list[Event] = []
        deadline = time.monotonic() + ANSWER_S
        if "QMP" not in self._receive(deadline):
            raise ServiceError("qmp: no greeting")
        self.execute("qmp_capabilities")

    @classmethod
    def connect(cls, path: Path) -> Monitor:
        """Return a session with the machine that listens on ``path``.

        Raises:
            ServiceError: No machine listens there.
        """
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(path))
            return cls(connection)
        except OSError as error:
            connection.close()
            raise ServiceError(f"qmp: {path}: {error.strerror}") from error
        except ServiceError:
            connection.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor, which is readable when there are events."""
        return self._socket.fileno()

    def close(self) -> None:
        """End the session; the machine runs on."""
        self._socket.close()

    def execute(self, command: str, **arguments: object) -> Any:  # noqa: ANN401
        """Return the answer to a command.

        Raises:
            ServiceError: The command is refused, QEMU ended or is silent.
        """
        deadline = time.monotonic() + ANSWER_S
        question = {"execute": command, "arguments": arguments}
        self._socket.settimeout(ANSWER_S)
        try:
            self._socket.sendall(json.dumps(question).encode() + b"\n")
        except OSError as error:
            raise ServiceError(f"qmp: {command}: {error}") from error
        while True:
            answer = self._receive(deadline)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise ServiceError(f"qmp: {command}: {answer['error'].get('desc', 'refused')}")

    def events(self) -> list[Event]:
        """Return what happened since the last call, without waiting.

        Raises:
            ServiceError: QEMU ended, and everything that it told was returned before.
        """
        try:
            while True:
                self._receive(0.0)
        except TimeoutError:
            pass
        except ServiceError:
            if not self._events:
                raise
        events, self._events = self._events, []
        return events

    def status(self) -> str:
        """Return QEMU's word for what the machine does, such as ``running`` or ``shutdown``."""
        return str(self.execute("query-status")["status"])

    def powerdown(self) -> None:
        """Press the power button; the guest decides what it does."""
        self.execute("system_powerdown")

    def quit(self) -> None:
        """End QEMU at once, as by pulling the plug."""
        self.execute("quit")

    def forwards(self) -> dict[int, int]:
        """Return the host's port for each forwarded port of the guest (``network.Forward``)."""
        said = self.execute("human-monitor-command", **{"command-line": "info usernet"})
        return {int(guest): int(host) for host, guest in _FORWARD.findall(str(said))}

    def _receive(self, deadline: float) -> dict[str, Any]:
        """Return the next document that is no event; events are kept.

        Raises:
            TimeoutError: ``deadline`` is 0 and nothing more is there.
            ServiceError: Nothing came until ``deadline``, or QEMU ended.
        """
        while True:
            line, found, rest = self._buffer.partition(b"\n")
            if not found:
                self._buffer += self._read(deadline)
                continue
            self._buffer = rest
            document = _document(line)
            if "event" not in document:
                return document
            if len(self._events) < MOST_EVENTS:
                event = Event(str(document["event"]), dict(document.get("data") or {}))
                self._events.append(event)

    def _read(self, deadline: float) -> bytes:
        if len(self._buffer) > LONGEST_LINE:
            raise ServiceError(f"qmp: a line of more than {LONGEST_LINE} bytes")
        self._socket.settimeout(max(0.0, deadline - time.monotonic()) if deadline else 0.0)
        try:
            data = self._socket.recv(65536)
        except (TimeoutError, BlockingIOError) as error:
            if not deadline:
                raise TimeoutError from error
            raise ServiceError(f"qmp: no answer after {ANSWER_S:g} s") from error
        except ConnectionResetError:
            data = b""  # It ended with a command of ours unread.
        except OSError as error:
            raise ServiceError(f"qmp: {error}") from error
        if not data:
            raise ServiceError("qmp: the machine ended")
        return data


def _document(line: bytes) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except ValueError as error:
        raise ServiceError(f"qmp: {line[:100]!r} is not JSON") from error
    if not isinstance(document, dict):
        raise ServiceError(f"qmp: found {line[:100]!r}, expected an object")
    return document
