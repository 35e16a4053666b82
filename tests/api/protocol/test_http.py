# SPDX-License-Identifier: Apache-2.0
"""Requests and answers are plain values."""

from __future__ import annotations

from vmferry.api.protocol.http import Request, Response


def test_a_body_may_be_absent() -> None:
    assert Request("GET", "/a%2Fb", "x=1", {}).body == b""
    assert Response(204, {}).body == b""
