# SPDX-License-Identifier: Apache-2.0
"""A window shows its part and nothing beside it."""

from __future__ import annotations

import pytest
from tests.appliances.recipes import MemorySource

from vmferry.appliances.window import Window
from vmferry.errors import SourceError
from vmferry.model.bytes import ByteSource


def test_a_window_is_a_source() -> None:
    window = Window(MemorySource(b"0123456789"), 3, 4, "disk.vmdk")
    assert isinstance(window, ByteSource)
    assert (window.name, window.size) == ("disk.vmdk", 4)
    assert window.read_at(0, 4) == b"3456"
    assert window.read_at(4, 0) == b""
    assert Window(window, 1, 2, "part").read_at(0, 2) == b"45"


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, 5), (4, 1), (0, -1)])
def test_nothing_beside_it_is_read(offset: int, length: int) -> None:
    window = Window(MemorySource(b"0123456789"), 3, 4, "disk.vmdk")
    with pytest.raises(SourceError, match=r"disk.vmdk: .* are wanted, it has 4 bytes"):
        window.read_at(offset, length)


@pytest.mark.parametrize(("offset", "size"), [(-1, 1), (0, 11), (11, 0), (0, -1)])
def test_a_window_is_inside(offset: int, size: int) -> None:
    with pytest.raises(SourceError, match=r"a: bytes .* are not inside vm.ova, 10 bytes"):
        Window(MemorySource(b"0123456789"), offset, size, "a")
