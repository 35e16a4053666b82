# SPDX-License-Identifier: Apache-2.0
"""URLs that lead inside: whatever their spelling, nothing of our own network is contacted.

Glance 2138602 and 2152110, LXD CVE-2026-28385: metadata of clouds, loopback, private ranges,
rebinding, redirects, ``file:``.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from tests.stores.origin import Origin

from vmferry import stores
from vmferry.errors import SourceError
from vmferry.stores import Access, Reach

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "X-Amz-Signature=5ec7e7"
HOSTS = [
    "127.0.0.1",
    "127.1",
    "0x7f000001",
    "0177.0.0.1",
    "2130706433",
    "localhost",
    "user@127.0.0.1",
    "example.org@127.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
]
METADATA = [
    "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "http://2852039166/",
    "http://[fd00:ec2::254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://100.100.100.200/",
    "http://192.0.0.192/",
    "http://168.63.129.16/",
]


@pytest.fixture
def inside() -> Iterator[Origin]:
    """A server of our own network."""
    origin = Origin(b"our secrets")
    yield origin
    origin.close()


@pytest.mark.parametrize("host", HOSTS)
def test_loopback_in_every_spelling(inside: Origin, host: str) -> None:
    with pytest.raises(SourceError) as caught:
        stores.open_source(f"http://{host}:{inside.port}/disk?{SECRET}")
    # httpx takes octal numbers for no URL at all.
    assert caught.value.message.endswith((": its host has no public address", "cannot be read"))
    assert SECRET not in repr(caught.value.__dict__)
    assert inside.connections == 0


@pytest.mark.parametrize("url", METADATA)
def test_the_metadata_of_clouds(url: str) -> None:
    with pytest.raises(SourceError, match="its host has no public address"):
        stores.open_source(url)


@pytest.mark.parametrize("url", ["file:/etc/passwd", "gopher://h/", "dict://h/", "ftp://h/", "//h"])
def test_other_schemes(url: str) -> None:
    with pytest.raises(SourceError, match=r"^url: scheme .* is not served"):
        stores.open_source(url)


def test_a_name_that_changes_its_address(inside: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer is public; later ones lead inside, and nobody asks for them."""
    answers = ["8.8.8.8", "127.0.0.1", "127.0.0.1"]
    real, connected = socket.getaddrinfo, []

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        address = answers.pop(0) if host == "rebind.example" else host
        return real(address, port, *args, **kwargs)

    def connect(address: tuple[str, int], *_args: object, **_kwargs: object) -> None:
        connected.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr("vmferry.stores.https.PAUSES_S", (0.0,))
    with pytest.raises(SourceError, match="cannot be reached: "):
        stores.open_source(f"http://rebind.example:{inside.port}/disk")
    assert connected == [("8.8.8.8", inside.port)] * 2
    assert len(answers) == 2
    assert inside.connections == 0


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{}/in",
        "http://2130706433:{}/in",
        "//[::ffff:7f00:1]:{}/in",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/",
    ],
)
def test_a_redirect_that_leads_inside(inside: Origin, target: str) -> None:
    """The first host is allowed by the operator; what it redirects to is judged like any other."""
    outside = Origin(b"")
    location = target.format(inside.port)
    outside.answer = lambda _path, _headers: (302, {"Location": location}, b"")
    try:
        with pytest.raises(SourceError, match=r"no public address|redirects to file://"):
            stores.open_source(f"{outside.url}/disk", Access(reach=Reach(hosts=("localhost",))))
    finally:
        outside.close()
    assert inside.connections == 0
