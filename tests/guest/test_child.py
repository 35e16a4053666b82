# SPDX-License-Identifier: Apache-2.0
"""The child's side of the conversation; the whole of it is in test_inspection.py."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from tests.guest.test_inspection import Memory

from vmferry.errors import GuestError
from vmferry.guest import inspection, wire
from vmferry.guest.child import RemoteDisk

TOO_MUCH = ("asyncio", "botocore", "dbos", "httpx", "lxml", "sqlalchemy", "structlog")


def test_a_remote_disk_asks_and_waits() -> None:
    parent, child = socket.socketpair()
    with parent, child:
        parent.sendall(b"0123456789")
        assert RemoteDisk(child, 3, 1000).read_at(512, 10) == b"0123456789"
        assert wire.HEADER.unpack(parent.recv(100)) == (b"R", 3, 512, 10)


def test_the_child_imports_little() -> None:
    code = f"import sys, vmferry.guest.child; print([m for m in {TOO_MUCH} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_too_much_memory_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys; sys.path[:] = {path!r}; from vmferry.guest import child;"
        "child.look = lambda disks: bytearray(1 << 30); child.main()"
    )
    monkeypatch.setattr(inspection, "START", code)
    with pytest.raises(GuestError, match="inspection: needs more than 300 MiB of memory"):
        inspection.inspect([Memory(bytes(512))])


def test_too_much_to_tell_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys; sys.path[:] = {path!r}; from vmferry.guest import child;"
        "child.look = lambda disks: None; child.wire.to_json = lambda facts: bytes(3 << 20);"
        "child.main()"
    )
    monkeypatch.setattr(inspection, "START", code)
    with pytest.raises(GuestError, match="inspection: found 3 MiB to tell, expected at most 2 MiB"):
        inspection.inspect([Memory(bytes(512))])
