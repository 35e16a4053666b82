# SPDX-License-Identifier: Apache-2.0
"""What every effort deflates, zlib inflates; and what came before a table does not matter."""

from __future__ import annotations

import os
import zlib

import deflate
import pytest

from vmferry.formats import Effort
from vmferry.formats.vmdk.deflate import Deflater
from vmferry.formats.vmdk.grains import deflated_limit

GRAIN = 65536
GRAINS = (os.urandom(GRAIN), bytes(GRAIN), b"text" * (GRAIN // 4), os.urandom(999) * 66)


@pytest.mark.parametrize("effort", Effort)
def test_zlib_inflates_it(effort: Effort) -> None:
    deflater = Deflater(effort)
    for grain in (*GRAINS, *reversed(GRAINS)):
        stream = deflater(memoryview(grain[:GRAIN]))
        assert len(stream) <= deflated_limit(GRAIN)
        assert zlib.decompress(stream) == grain[:GRAIN]


def test_a_restart_forgets() -> None:
    deflater = Deflater(Effort.NORMAL)
    text = " ".join(str(number * 7919 % 10_007) for number in range(14_000)).encode()[:GRAIN]
    fresh = deflater(text)
    deflater(os.urandom(GRAIN))
    assert deflater(text) != fresh, "a neighbour that does not deflate costs this grain its level"
    deflater.restart()
    assert deflater(text) == fresh


def test_what_follows_a_stubborn_grain_is_still_deflated() -> None:
    deflater = Deflater(Effort.NORMAL)
    text = b"".join(b"%d " % (number * number) for number in range(20_000))[:GRAIN]
    deflater(os.urandom(GRAIN))
    assert deflater(text) == deflate.zlib_compress(text, 1)
