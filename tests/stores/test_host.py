# SPDX-License-Identifier: Apache-2.0
"""Connections are pinned to the judged addresses, and TLS still asks for the host."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.stores.origin import Origin, make_certificates

from vmferry.errors import SourceError
from vmferry.stores._host import Host, TransientError, shown, unreachable
from vmferry.stores._reach import Reach

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OURS = Reach(hosts=("disks.example", "localhost"))


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Origin]:
    """A server that is ``disks.example``."""
    ca, server = make_certificates(tmp_path, "disks.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    origin = Origin(b"disk", server)
    yield origin
    origin.close()


def _resolver(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have names looked up as ``answers`` say, one after the other; addresses are what they are."""
    real, asked, left = socket.getaddrinfo, [], list(answers)

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if str(host)[0].isdigit():
            return real(host, port, *args, **kwargs)
        asked.append(host)
        found = left.pop(0)
        return [entry for each in found for entry in real(each, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_name_is_looked_up_once(tls: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _resolver(monkeypatch, ["127.0.0.1"])
    url = httpx.URL(f"https://disks.example:{tls.port}/a?secret")
    host = Host(url, OURS)
    for _ in range(2):
        answer = host.get(url, {})
        assert answer.read() == b"disk"
    assert asked == ["disks.example"]
    assert tls.asked == [f"disks.example:{tls.port} /a?secret"] * 2
    assert tls.connections == 1


def test_the_certificate_must_be_the_hosts(tls: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    _resolver(monkeypatch, ["127.0.0.1"])
    url = httpx.URL(f"https://localhost:{tls.port}/")
    with pytest.raises(SourceError, match=r"^https://localhost:\d+/: TLS .*Hostname mismatch"):
        Host(url, OURS).get(url, {})


def test_an_unknown_ca(tls: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    _resolver(monkeypatch, ["127.0.0.1"])
    url = httpx.URL(f"https://disks.example:{tls.port}/")
    with pytest.raises(SourceError, match=r"TLS with the host failed: unable to get local issuer"):
        Host(url, OURS).get(url, {})


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a?secret",
        "http://2130706433/a",
        "http://0x7f.1/a",
        "http://127.1/a",
        "http://[::1]/a",
        "http://[::ffff:7f00:1]/a",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost/a",
    ],
)
def test_inner_hosts_are_refused_in_every_spelling(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        Host(httpx.URL(url), Reach())
    assert caught.value.message.endswith(": its host has no public address")
    assert "secret" not in caught.value.status_message
    assert "Reason 403 Forbidden" in caught.value.aws_text


def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    origin = Origin(b"disk")
    _resolver(monkeypatch, ["127.0.0.2", "127.0.0.1"], ["127.0.0.2"])
    url = httpx.URL(f"http://localhost:{origin.port}/")
    try:
        assert Host(url, OURS).get(url, {}).read() == b"disk"
    finally:
        origin.close()
    with pytest.raises(TransientError, match=r"^http://localhost:\d+/: cannot be reached: "):
        Host(url, Reach(anywhere=True)).get(url, {})


@pytest.mark.parametrize(
    ("errno", "kind", "text"),
    [
        (socket.EAI_NONAME, SourceError, "http://no.example/: there is no such host"),
        (socket.EAI_AGAIN, TransientError, "http://no.example/: its host's name cannot be looked"),
    ],
)
def test_names_without_address(
    errno: int, kind: type[SourceError], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(errno, "no")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    url = httpx.URL("http://no.example")
    with pytest.raises(SourceError) as caught:
        Host(url, Reach())
    assert type(caught.value) is kind
    assert caught.value.message.startswith(text)
    with pytest.raises(SourceError) as caught:
        Host(url, Reach(anywhere=True)).get(url, {})
    assert type(caught.value) is kind


def test_a_name_that_dns_cannot_have() -> None:
    with pytest.raises(SourceError, match="there is no such host"):
        Host(httpx.URL(f"http://{'n' * 64}.example/"), Reach())


def test_secrets_are_not_shown() -> None:
    url = httpx.URL("https://user:pass@h:8443/a%0Ab/c%20d?X-Amz-Signature=1#2")
    assert shown(url) == "https://h:8443/a%0Ab/c%20d"
    error = unreachable("u", httpx.ReadTimeout(""))
    assert error.message == "u: cannot be reached: ReadTimeout"
