# SPDX-License-Identifier: Apache-2.0
"""Servers for the tests of NBD: ``device``, ``server`` over it, and a ``client`` that has begun."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.blocks.disks import Pieces, noise
from tests.blocks.nbd.client import Client

from vmferry.blocks.device import Device
from vmferry.blocks.nbd import serve
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmferry.blocks.nbd import Server


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    """Eight blocks and 1,000 bytes, two of them noise."""
    base = Pieces(8 * BLOCK + 1000, {BLOCK: noise(1), 4 * BLOCK: noise(2)})
    with closing(Device(base, tmp_path / "device")) as made:
        yield made


@pytest.fixture
def server(device: Device, tmp_path: Path) -> Iterator[Server]:
    with serve(device, tmp_path / "nbd.sock") as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    made = Client(server.path).go()
    yield made
    made.socket.close()
