# SPDX-License-Identifier: Apache-2.0
"""Bodies that come in chunks, with a checksum behind them."""

from __future__ import annotations

import base64
import os
import zlib
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from vmferry.api.protocol.http import Request
from vmferry.api.protocol.signature import sign


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_chunks_with_trailers(service: Any, bucket: str, size: int) -> None:
    body = os.urandom(size)
    good = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    for key, crc, status in (("good", good, 200), ("bad", "AAAAAQ==", 400)):
        chunk = f"{size:x}\r\n".encode() + body + b"\r\n" if size else b""
        wire = chunk + f"0\r\nx-amz-checksum-crc32:{crc}\r\n\r\n".encode()
        headers = {
            "host": f"127.0.0.1:{service.port}",
            "content-encoding": "aws-chunked",
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "x-amz-decoded-content-length": str(size),
            "x-amz-trailer": "x-amz-checksum-crc32",
        }
        request = Request("PUT", f"/{bucket}/{key}", "", headers)
        signed = sign(
            request, "AKIA123456789012", "secret/of+123456789012", "us-east-1", "s3",
            datetime.now(UTC),
        )  # fmt: skip
        answer = httpx.put(f"{service.url}/{bucket}/{key}", headers=signed, content=wire)
        assert answer.status_code == status, answer.text
        assert ("BadDigest" in answer.text) is (status == 400)
    s3 = service.client()
    got = s3.get_object(Bucket=bucket, Key="good")
    assert (got["Body"].read(), got.get("ContentEncoding")) == (body, None)
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["good"]
