# SPDX-License-Identifier: Apache-2.0
"""The server: a socket that is ours alone, several clients, an end that leaves nothing."""

from __future__ import annotations

import socket
import stat
import threading
from typing import TYPE_CHECKING

import pytest
from tests.blocks.disks import Pieces, noise
from tests.blocks.nbd.client import FLUSH, READ, WRITE, Client

from vmferry.blocks.nbd import serve
from vmferry.blocks.nbd import server as module
from vmferry.errors import ServiceError
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.blocks.device import Device
    from vmferry.blocks.nbd import Server


def test_the_socket_is_ours_alone_and_goes(tmp_path: Path) -> None:
    path = tmp_path / "nbd sock"
    with serve(Pieces(5), path) as server:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert server.uri == f"nbd+unix:///?socket={tmp_path}/nbd%20sock"
        before = threading.active_count()
        Client(path).go().close()
        silent = Client(path)
        working = Client(path).go()
    assert silent.ended
    assert working.ended
    assert not path.exists()
    assert threading.active_count() < before
    assert server._threads == {}


def test_a_socket_that_was_left_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "s"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    with serve(Pieces(5), path):
        Client(path).go().close()
    path.write_text("a file")
    with pytest.raises(ServiceError, match=r"^nbd: the socket s cannot be made: .*in use"):
        module.Server(Pieces(5), path)
    assert path.read_text() == "a file"
    long = tmp_path / ("x" * 120)
    with pytest.raises(ServiceError, match=r"cannot be made: AF_UNIX path too long"):
        module.Server(Pieces(5), long)


def test_what_one_connection_wrote_another_flushes(server: Server, device: Device) -> None:
    one, other = Client(server.path).go(), Client(server.path).go(structured=False)
    assert one.ask(WRITE, 7, 3, data=b"abc").error == 0
    assert other.ask(READ, 6, 5).data == b"\0abc\0"
    assert other.ask(FLUSH).error == 0
    assert list(device.changed()) == [0]
    one.close()
    other.close()


def test_clients_that_are_too_many(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CONNECTIONS", 2)
    clients = [Client(server.path) for _ in range(2)]
    third = socket.socket(socket.AF_UNIX)
    third.connect(str(server.path))
    assert third.recv(18) == b""
    third.close()
    for client in clients:
        client.go().close()
    Client(server.path).go().close()


def test_a_client_that_says_nothing_is_left(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    client = Client(server.path)
    assert client.ended
    monkeypatch.setattr(module, "PATIENCE_S", 60.0)


def test_clients_work_side_by_side(server: Server, device: Device) -> None:
    wrong: list[int] = []

    def work(mine: int) -> None:
        client = Client(server.path).go()
        for round_ in range(40):
            at, data = mine * BLOCK + round_ * 5000, noise(mine * 100 + round_, 5000)
            client.ask(WRITE, at, 5000, data=data)
            if client.ask(READ, at, 5000).data != data:
                wrong.append(at)
        client.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert list(device.changed()) == list(range(8))
