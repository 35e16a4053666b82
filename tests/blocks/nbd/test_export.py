# SPDX-License-Identifier: Apache-2.0
"""The export's flags, and a channel that sends much and notices a client that is gone."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.blocks.disks import Pieces

from vmferry.blocks.device import Device
from vmferry.blocks.nbd.export import Channel, Export
from vmferry.blocks.nbd.protocol import ExportFlag, HangUpError
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path


def test_flags_say_what_may_be_done(tmp_path: Path) -> None:
    disk = Pieces(5)
    read_only = Export(disk).flags(structured=False)
    assert ExportFlag.READ_ONLY in read_only
    assert not read_only & (ExportFlag.SEND_TRIM | ExportFlag.SEND_DF)
    with closing(Device(disk, tmp_path)) as device:
        writable = Export(device).flags(structured=True)
        assert writable & ExportFlag.SEND_TRIM
        assert writable & ExportFlag.SEND_DF
        assert not writable & ExportFlag.READ_ONLY
        assert Export(device).disk is device


def test_pieces_of_any_length_arrive(tmp_path: Path) -> None:
    one, other = socket.socketpair()
    sender, receiver = Channel(one), Channel(other)
    pieces = [b"", b"head", bytes(3 * MIB) + b"middle", b"", b"end" * MIB]
    thread = threading.Thread(target=sender.send, args=pieces)
    thread.start()
    expected = b"".join(pieces)
    assert receiver.read(100) == expected[:100]
    rest = bytearray(len(expected) - 100)
    receiver.read_into(rest)
    assert rest == expected[100:]
    thread.join()
    sender.close()
    receiver.close()


def test_a_client_that_is_gone_or_silent() -> None:
    one, other = socket.socketpair()
    channel = Channel(one)
    channel.wait_at_most(0.05)
    with pytest.raises(HangUpError, match="timed out"):
        channel.read(1)
    channel = Channel(one)
    other.sendall(b"ab")
    other.close()
    with pytest.raises(HangUpError, match=r"^the client closed the connection$"):
        channel.read(3)
    with pytest.raises(HangUpError, match=r"^the client closed the connection$"):
        channel.read_into(bytearray(1))
    with pytest.raises(HangUpError, match="Broken pipe"):
        channel.send(b"x")
    channel.hang_up()
    channel.close()
    channel.hang_up()
