# SPDX-License-Identifier: Apache-2.0
"""A tap on the wire to a service: counts what is asked and what comes, with no word from us."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE: Final = 256 * 1024


@dataclass(slots=True)
class Wire:
    """What has passed.

    Attributes:
        url: Of the tap, which stands in for the service's.
        requests: HTTP requests.
        received: Bytes that the service sent, headers included.
    """

    url: str
    requests: int = 0
    received: int = 0


@contextmanager
def tapped(url: str) -> Iterator[Wire]:
    """Listen in front of the service at ``url`` until all connections are closed."""
    parts = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = Wire(f"http://127.0.0.1:{server.getsockname()[1]}")
        threads: list[threading.Thread] = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    upstream = socket.create_connection((parts.hostname or "", parts.port or 80))
                    for pair in ((client, upstream, True), (upstream, client, False)):
                        threads.append(threading.Thread(target=_carry, args=(wire, *pair)))
                        threads[-1].start()

        accepting = threading.Thread(target=serve)
        accepting.start()
        yield wire
        server.shutdown(socket.SHUT_RDWR)  # wakes accept(), which close() does not
        accepting.join()
        for thread in threads:
            thread.join()


def _carry(wire: Wire, source: socket.socket, sink: socket.socket, asking: bool) -> None:
    with source:
        while data := source.recv(PIECE):
            if asking:
                wire.requests += data.count(b" HTTP/1.1\r\n")
            else:
                wire.received += len(data)
            sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
