# SPDX-License-Identifier: Apache-2.0
"""Ids: the same for the same, another for others."""

from __future__ import annotations

import uuid

from vmferry.formats.vhd.identity import identity


def test_identity() -> None:
    one = identity(b"a", b"b")
    assert one == identity(b"a", b"b")
    assert len({one, identity(b"ab"), identity(b"a", b"c"), identity(b"", b"ab")}) == 4
    assert uuid.UUID(bytes=one).version == 5
