# SPDX-License-Identifier: Apache-2.0
"""Connections to one web host, pinned to addresses that were looked up and judged once.

The URL that is requested names the address, the ``Host`` header and the TLS handshake name the
host: so nothing between the judgement (``_reach.py``) and the connection asks a resolver again, and
the certificate must still be the host's. Where any host is allowed nothing is pinned, and the
system's proxy settings count.

Sources: RFC 9110 7.2 (Host), RFC 6066 3 (server name); httpx, ``sni_hostname`` request extension.
"""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Final

import httpx

from vmferry.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.stores._reach import Reach

PORTS: Final = {"http": 80, "https": 443}
TIMEOUT: Final = httpx.Timeout(60, connect=10)

NO_ACCESS: Final = (
    "ClientError: Disk validation failed [We do not have access to the given resource. "
    "Reason {} {}]"
)


class TransientError(SourceError):
    """What may be gone when it is tried again."""


class Host:
    """One host and port; safe to use from several threads. Connections are kept and used again.

    Args:
        url: A URL on the host.
        reach: Which hosts may be connected to.

    Raises:
        SourceError: ``reach`` does not allow the host, or it has no address.
    """

    def __init__(self, url: httpx.URL, reach: Reach) -> None:
        self._site = _site(url)
        self._addresses = [""] if reach.anywhere else _judged(url, reach)
        self._client = httpx.Client(
            verify=httpx.create_ssl_context(), trust_env=reach.anywhere, timeout=TIMEOUT
        )

    def __del__(self) -> None:
        """Close the connections with their last user."""
        if hasattr(self, "_client"):
            self._client.close()

    def serves(self, url: httpx.URL) -> bool:
        """Tell whether ``url`` is on this host."""
        return _site(url) == self._site

    def get(self, url: httpx.URL, headers: dict[str, str]) -> httpx.Response:
        """Ask for ``url``, which is on this host; the body is still to be read, and closed.

        Raises:
            TransientError: It could not be reached.
            SourceError: Its TLS certificate is not good, or its name does not exist.
        """
        for address in self._addresses[:-1]:
            try:
                return self._send(url, headers, address)
            except TransientError:
                continue
        return self._send(url, headers, self._addresses[-1])

    def _send(self, url: httpx.URL, headers: dict[str, str], address: str) -> httpx.Response:
        pinned = url.copy_with(host=address) if address else url
        extensions = {"sni_hostname": _name(url)} if address and url.scheme == "https" else {}
        request = self._client.build_request(
            "GET",
            pinned,
            headers={**headers, "Host": url.netloc.decode("ascii")},
            extensions=extensions,
        )
        try:
            return self._client.send(request, stream=True)
        except httpx.TransportError as error:
            raise unreachable(shown(url), error) from error


def shown(url: httpx.URL) -> str:
    """Return ``url`` for messages: what stands after ``?`` or before ``@`` can be a secret."""
    path = url.raw_path.decode("ascii").partition("?")[0]
    return f"{url.scheme}://{url.netloc.decode('ascii')}{path}"


def unreachable(name: str, error: httpx.TransportError) -> SourceError:
    """Return our error for what httpx met on the way."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            why = getattr(cause, "verify_message", "") or cause.reason or "the handshake failed"
            return SourceError(
                f"{name}: TLS with the host failed: {why}",
                hint="If a private CA signed its certificate, name that CA's file in SSL_CERT_FILE",
            )
        if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
            return _no_address(name)
        if isinstance(cause, httpx.InvalidURL):
            return SourceError(f"{name}: redirects to what is no URL")
    text = str(error) or type(error).__name__
    return TransientError(f"{name}: cannot be reached: {text}", hint="Try again later")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _site(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or PORTS.get(url.scheme)


def _name(url: httpx.URL) -> str:
    """Return the host as the wire has it: IDNA, no brackets."""
    return url.raw_host.decode("ascii")


def _judged(url: httpx.URL, reach: Reach) -> list[str]:
    try:
        found = socket.getaddrinfo(_name(url), None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise TransientError(f"{shown(url)}: its host's name cannot be looked up") from error
        raise _no_address(shown(url)) from error
    except UnicodeError as error:
        raise _no_address(shown(url)) from error  # A label of more than 63 characters.
    addresses = reach.permitted(_name(url), dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses:
        # Which address it was stays here: a caller could read the names of our network with it.
        raise SourceError(
            f"{shown(url)}: its host has no public address",
            hint="Put the object into a bucket and name that",
            aws_text=NO_ACCESS.format(403, "Forbidden"),
        )
    return addresses


def _no_address(name: str) -> SourceError:
    return SourceError(
        f"{name}: there is no such host",
        hint="Check the URL",
        aws_text="ClientError: Invalid S3 source location",
    )
