# SPDX-License-Identifier: Apache-2.0
"""Whatever bytes a file has cross as text and come back."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from vmferry.model.fixup import decode, encode


@given(st.binary(max_size=64))
def test_bytes_come_back(data: bytes) -> None:
    assert encode(json.loads(json.dumps(decode(data)))) == data
