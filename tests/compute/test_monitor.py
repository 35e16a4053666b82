# SPDX-License-Identifier: Apache-2.0
"""QMP against a drawn QEMU: answers, events between them, and everything that may go wrong."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from vmferry.compute import monitor
from vmferry.compute.monitor import Event, Monitor
from vmferry.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GREETING = '{"QMP": {"version": {}, "capabilities": []}}'
RESET = '{"event": "RESET", "data": {"guest": true}, "timestamp": {"seconds": 1}}'
USERNET = (
    "Hub -1 (net):\r\n  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ\r\n"
    "  TCP[HOST_FORWARD]  12       127.0.0.1 36849       10.0.2.15    22     0     0\r\n"
    "  TCP[ESTABLISHED]   19       10.0.2.15   443       127.0.0.1  5000     0     0\r\n"
)


@contextmanager
def qemu(*answers: str, greeting: str = GREETING) -> Iterator[socket.socket]:
    """Speak ``greeting`` and one answer for each line that comes; then hang up."""
    ours, theirs = socket.socketpair()
    asked: list[str] = []

    def speak() -> None:
        with theirs, theirs.makefile("rw") as lines:
            lines.write(greeting + "\n")
            lines.flush()
            for answer in ('{"return": {}}', *answers):
                asked.append(lines.readline())
                lines.write(answer + "\n")
                lines.flush()

    thread = threading.Thread(target=speak)
    thread.start()
    with ours:
        yield ours
    thread.join()


def test_answers_and_events() -> None:
    with qemu(
        f'{RESET}\n{{"return": {{"status": "running"}}}}', f'{{"return": {{}}}}\n{RESET}'
    ) as s:
        session = Monitor(s)
        assert session.fileno() == s.fileno()
        assert session.status() == "running"
        session.powerdown()
        assert session.events() == [Event("RESET", {"guest": True})] * 2


def test_forwards() -> None:
    with qemu(json.dumps({"return": USERNET})) as s:
        assert Monitor(s).forwards() == {22: 36849}


def test_a_refused_command() -> None:
    with (
        qemu('{"error": {"class": "GenericError", "desc": "no such thing"}}') as s,
        pytest.raises(ServiceError, match=r"^qmp: quit: no such thing$"),
    ):
        Monitor(s).quit()


def test_the_last_events_come_before_the_end() -> None:
    with qemu(f'{{"return": {{}}}}\n{RESET}') as s:
        session = Monitor(s)
        session.quit()
        while not (events := session.events()):
            pass
        assert [event.name for event in events] == ["RESET"]
        with pytest.raises(
            ServiceError, match=r"^qmp: (the machine ended|query-status: .*Broken pipe)$"
        ):
            session.status()


@pytest.mark.parametrize(
    ("greeting", "message"),
    [
        ('{"hello": 1}', "qmp: no greeting"),
        ("[]", r"qmp: found b'\[\]', expected an object"),
        ("{", "qmp: b'{' is not JSON"),
        ("x" * (monitor.LONGEST_LINE + 70000), "qmp: a line of more than 1048576 bytes"),
    ],
)
def test_what_is_no_qmp(greeting: str, message: str) -> None:
    ours, theirs = socket.socketpair()
    sender = threading.Thread(target=lambda: theirs.sendall(greeting.encode() + b"\n"))
    sender.start()
    with ours, theirs, pytest.raises(ServiceError, match=f"^{message}$"):
        Monitor(ours)
    sender.join()


def test_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "ANSWER_S", 0.05)
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(ServiceError, match=r"^qmp: no answer after 0\.05 s$"):
        Monitor(ours)


def test_a_flood_of_events_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "MOST_EVENTS", 3)
    with qemu("\n".join([RESET] * 9 + ['{"return": {}}'])) as s:
        session = Monitor(s)
        session.powerdown()
        assert len(session.events()) == 3


def test_by_path(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"^qmp: .*/none: No such file or directory$"):
        Monitor.connect(tmp_path / "none")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "qmp"))
        server.listen()

        def speak() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(f'{GREETING}\n{{"return": {{}}}}\n'.encode())
                connection.recv(100)

        thread = threading.Thread(target=speak)
        thread.start()
        Monitor.connect(tmp_path / "qmp").close()
        thread.join()
