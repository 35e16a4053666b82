# SPDX-License-Identifier: Apache-2.0
"""Guests: what machine is on the disks, found without starting or copying it.

``inspect`` looks; the looking is done by ``look.py`` in a child process that can do nothing else
(``sandbox.py``), because the bytes are hostile and the libraries that parse them are written in C.

    disks ─▶ volumes/ ─▶ filesystems/ ─▶ fingerprints/ ─▶ GuestFacts
"""

from __future__ import annotations

from vmferry.guest.inspection import inspect

__all__ = ["inspect"]
