# SPDX-License-Identifier: Apache-2.0
"""Where objects are kept: rclone below our own buckets, or an S3 that the operator named.

Both are spoken to in S3's path style over HTTP and stream in both directions, so the gateway has
one way for the bytes. What differs: requests to an external S3 are signed with the operator's
keys, and ``root`` says whether the files are ours.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx

from vmferry.api.protocol.http import Request
from vmferry.api.protocol.signature import sign
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from vmferry.api.s3.rclone import Rclone

WAIT_S: Final = 10.0
"""How long a request waits for a child that is being started."""

_RETRY_S: Final = 0.05

# A pause of the disk or of the other end may be long, an answer must come at all.
_TIMEOUT: Final = httpx.Timeout(connect=10, read=900, write=900, pool=None)
_LIMITS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=32)


class Upstream(Protocol):
    """A place that keeps objects."""

    @property
    def root(self) -> Path | None:
        """The folder of all buckets where they are ours, else ``None``."""

    async def send(
        self,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: AsyncIterable[bytes] | bytes,
    ) -> httpx.Response:
        """Send a request and return the answer with its body unread; the caller closes it.

        Raises:
            ApiError: ``ServiceUnavailable``: nobody answers. Clients try again.
        """

    async def close(self) -> None:
        """Close the connections."""


class OwnBuckets:
    """``rclone serve s3`` on its socket."""

    def __init__(self, rclone: Rclone, root: Path) -> None:
        self.root: Path | None = root
        transport = httpx.AsyncHTTPTransport(uds=rclone.socket, limits=_LIMITS)
        self._client = httpx.AsyncClient(
            transport=transport, base_url="http://localhost", timeout=_TIMEOUT
        )

    async def send(
        self,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: AsyncIterable[bytes] | bytes,
    ) -> httpx.Response:
        """See ``Upstream.send``; waits while the child is being started."""
        url = f"{path}?{query}" if query else path
        deadline = asyncio.get_running_loop().time() + WAIT_S
        while True:
            request = self._client.build_request(
                method, url, headers={"accept-encoding": "identity", **headers}, content=body
            )
            try:
                return await self._client.send(request, stream=True)
            except httpx.TransportError as error:
                # A stream can be sent once, and is untouched only while nobody answered the door.
                again = isinstance(error, httpx.ConnectError) or isinstance(body, bytes)
                if not again or asyncio.get_running_loop().time() > deadline:
                    raise _unavailable() from error
                await asyncio.sleep(_RETRY_S)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class ExternalS3:
    """An S3 that the operator named, with the operator's keys.

    Args:
        endpoint: Its URL; buckets are addressed in path style.
        region: What requests are signed for.
        access_key: The operator's.
        secret_key: The operator's.
        clock: The time, for signatures.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        region: str,
        access_key: str,
        secret_key: str,
        clock: Callable[[], datetime],
    ) -> None:
        self.root: Path | None = None
        self._endpoint = endpoint.rstrip("/")
        self._host = urlsplit(endpoint).netloc
        self._scope = (region, access_key, secret_key)
        self._clock = clock
        self._client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(limits=_LIMITS), timeout=_TIMEOUT
        )

    async def send(
        self,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: AsyncIterable[bytes] | bytes,
    ) -> httpx.Response:
        """See ``Upstream.send``; the body goes unsigned, because it is not there yet."""
        region, access_key, secret_key = self._scope
        # A signature covers one spelling of the query; botocore's is sorted and fully encoded.
        query = urlencode(sorted(parse_qsl(query, keep_blank_values=True)), quote_via=quote)
        wanted = {**headers, "host": self._host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
        signed = sign(
            Request(method, path, query, wanted),
            access_key,
            secret_key,
            region,
            "s3",
            self._clock(),
        )
        url = f"{self._endpoint}{path}" + (f"?{query}" if query else "")
        request = self._client.build_request(
            method, url, headers={"accept-encoding": "identity", **signed}, content=body
        )
        try:
            return await self._client.send(request, stream=True)
        except httpx.TransportError as error:
            raise _unavailable() from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _unavailable() -> ApiError:
    return ApiError("ServiceUnavailable", "Service is unable to handle request.", status=503)
