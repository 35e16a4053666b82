# SPDX-License-Identifier: Apache-2.0
"""Upstreams that do not answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from vmferry.api.s3.upstream import ExternalS3
from vmferry.errors import ApiError


def test_nobody_answers() -> None:
    async def run() -> None:
        upstream = ExternalS3(
            endpoint="http://127.0.0.1:9", region="us-east-1", access_key="a", secret_key="b",
            clock=lambda: datetime.now(UTC),
        )  # fmt: skip
        try:
            await upstream.send("GET", "/disks", "list-type=2", {}, b"")
        finally:
            await upstream.close()

    with pytest.raises(ApiError, match="unable to handle request") as caught:
        asyncio.run(run())
    assert (caught.value.code, caught.value.status) == ("ServiceUnavailable", 503)
