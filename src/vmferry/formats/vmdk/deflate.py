# SPDX-License-Identifier: Apache-2.0
"""Deflates grains: how hard, and with which library.

Measured on 2,560 grains of the Debian guest (libdeflate by deflate 0.9, ISA-L by isal 1.8, one core
of an EPYC); sizes count the padding to sectors, zlib's level 6 is what qemu-img writes:

    zlib 6            37 MB/s  100.0 %
    libdeflate 6     116 MB/s   98.8 %    best
    libdeflate 2     187 MB/s  102.5 %
    2 below 1/4, 1   228 MB/s  105.2 %    normal
    libdeflate 1     251 MB/s  106.4 %
    ISA-L 1          534 MB/s  109.4 %    fast

Random bytes cost libdeflate 154 MB/s, ISA-L 1333, and neither gains anything, so what follows a
grain that did not deflate is tried with ISA-L first.
"""

from __future__ import annotations

from typing import Final

import deflate
from isal import isal_zlib

from vmferry.formats import Effort
from vmferry.units import KIB

_DENSE: Final = 64 * KIB // 4
"""A grain that deflates to less has neighbours for which level 2 is worth its time."""

_STUBBORN: Final = 64 * KIB * 95 // 100
"""A grain that deflates to more has neighbours that do not deflate either: archives, media."""

_BEST: Final = 7
_FAST: Final = 1


class Deflater:
    """Deflates the grains of a table one after the other.

    Args:
        effort: How hard.
    """

    def __init__(self, effort: Effort) -> None:
        self._effort = effort
        self._last = 0

    def restart(self) -> None:
        """Forget what came before: equal tables give equal bytes in whatever slices."""
        self._last = 0

    def __call__(self, grain: bytes | memoryview) -> bytes | bytearray:
        """Return the grain as a zlib stream (RFC 1950)."""
        if self._effort is Effort.FAST:
            return isal_zlib.compress(grain, _FAST)
        if self._effort is Effort.BEST:
            return deflate.zlib_compress(grain, _BEST)
        data = self._normal(grain)
        self._last = len(data)
        return data

    def _normal(self, grain: bytes | memoryview) -> bytes | bytearray:
        if self._last > _STUBBORN:
            data: bytes = isal_zlib.compress(grain, _FAST)
            if len(data) > _STUBBORN:
                return data
        return deflate.zlib_compress(grain, 2 if self._last < _DENSE else 1)
