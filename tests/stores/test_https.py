# SPDX-License-Identifier: Apache-2.0
"""Objects of the web: ranges, replacement, redirects, and servers that misbehave."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tests.stores.origin import Origin, Reply, make_certificates

from vmferry import stores
from vmferry.errors import SourceError
from vmferry.model.bytes import StoredObject
from vmferry.stores import Access, https
from vmferry.stores._reach import Reach

if TYPE_CHECKING:
    from collections.abc import Iterator

ANY = Access(reach=Reach(anywhere=True))
OURS = Access(reach=Reach(hosts=("localhost",)))
DATA = secrets.token_bytes(100_000)
SECRET = "X-Amz-Signature=5ec7e7"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https, "PAUSES_S", (0.0,) * 4)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def origin() -> Iterator[Origin]:
    running = Origin(DATA)
    yield running
    running.close()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    folder = tmp_path_factory.mktemp("tls")
    ca, server = make_certificates(folder)
    running = Origin(DATA, server)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(ca))
        yield running
    running.close()


def _open(origin: Origin, access: Access = ANY, path: str = "/a/disk.vmdk") -> StoredObject:
    return stores.open_source(f"{origin.url}{path}?{SECRET}", access)


def _message(caught: pytest.ExceptionInfo[SourceError]) -> str:
    assert SECRET not in repr(caught.value.__dict__)
    return caught.value.message


@pytest.mark.parametrize("access", [ANY, OURS])
def test_ranges_over_tls(tls: Origin, access: Access) -> None:
    before = tls.connections
    source = _open(tls, access)
    assert isinstance(source, StoredObject)
    assert (source.name, source.size) == (f"{tls.url}/a/disk.vmdk", len(DATA))
    assert source.version == '"one"'
    for offset, length in ((0, len(DATA)), (0, 0), (len(DATA), 0), (99_999, 1), (513, 40_000)):
        assert source.read_at(offset, length) == DATA[offset : offset + length]
    assert tls.connections == before + 1, "one connection is used again"
    assert tls.ranges[-4:] == ["bytes=0-0", "bytes=0-99999", "bytes=99999-99999", "bytes=513-40512"]


def test_callers_urls_lead_to_public_hosts_only(tls: Origin) -> None:
    for access in (None, Access()):
        with pytest.raises(SourceError, match="its host has no public address") as caught:
            stores.open_source(f"{tls.url}/disk?{SECRET}", access)
        assert SECRET not in _message(caught)


def test_ranges_outside_are_refused(origin: Origin) -> None:
    source = _open(origin)
    for offset, length in ((-1, 2), (99_999, 2), (100_001, 0), (0, -1)):
        with pytest.raises(SourceError, match=rf"disk\.vmdk: {length} bytes at byte {offset} are"):
            source.read_at(offset, length)
    assert len(origin.asked) == 1


def test_several_threads_share_a_source(origin: Origin) -> None:
    source = _open(origin)
    offsets = range(0, len(DATA), 1000)
    with ThreadPoolExecutor(4) as pool:
        pieces = list(pool.map(lambda offset: source.read_at(offset, 1000), offsets))
    assert b"".join(pieces) == DATA
    assert origin.connections <= 1 + 4


def test_an_empty_object(origin: Origin) -> None:
    origin.content = b""
    assert _open(origin).read_at(0, 0) == b""
    origin.answer = lambda _path, _headers: (200, {}, b"")
    assert _open(origin).size == 0


def test_a_replaced_object_never_mixes_in(origin: Origin) -> None:
    source = _open(origin)
    origin.headers = {"ETag": '"two"'}
    with pytest.raises(SourceError, match=r"another object has taken its place$") as caught:
        source.read_at(0, 10)
    assert "changed while it was read" in caught.value.hint


@pytest.mark.parametrize(
    ("first", "second", "condition"),
    [
        ({"ETag": '"a"'}, {"ETag": '"b"'}, ("If-Match", '"a"')),
        ({"ETag": 'W/"a"'}, {"ETag": 'W/"b"'}, ("If-Match", None)),
        (
            {"Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"},
            {"Last-Modified": "Mon, 01 Jan 2024 00:00:01 GMT"},
            ("If-Unmodified-Since", "Mon, 01 Jan 2024 00:00:00 GMT"),
        ),
        ({"ETag": '"a"'}, {}, ("If-Match", '"a"')),
    ],
)
def test_a_server_that_knows_no_conditions(
    origin: Origin,
    first: dict[str, str],
    second: dict[str, str],
    condition: tuple[str, str | None],
) -> None:
    now, seen = first, []

    def answer(_path: str, headers: dict[str, str]) -> Reply:
        seen.append(headers.get(condition[0]))
        return 206, {"Content-Range": "bytes 0-0/10", **now}, b"x"

    origin.answer = answer
    source = _open(origin)
    assert source.read_at(0, 1) == b"x"
    now = second
    with pytest.raises(SourceError, match=r"taken its place|neither ETag nor Last-Modified"):
        source.read_at(0, 1)
    assert seen == [None, condition[1], condition[1]]


def test_an_object_of_another_size_is_another(origin: Origin) -> None:
    origin.headers = {"Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}
    source = _open(origin)
    assert source.version == "Mon, 01 Jan 2024 00:00:00 GMT 100000"
    origin.content += b"more"
    with pytest.raises(SourceError, match="another object has taken its place"):
        source.read_at(0, 10)


REFUSALS: dict[str, tuple[Reply, str, str]] = {
    "403": ((403, {}, b""), r"the host refused \(403\)", "Reason 403 Forbidden"),
    "404": ((404, {}, b""), r"it does not exist \(404\)", "Invalid S3 source location"),
    "418": ((418, {}, b""), "the host answers with 418", "Reason 418 I'm a Teapot"),
    "503": ((503, {}, b""), "the host answers with 503", "Reason 403 Forbidden"),
    "no range": ((200, {"ETag": '"1"'}, DATA), "its host does not give ranges of it", "403"),
    "other range": (
        (206, {"Content-Range": "bytes 1-1/10", "ETag": '"1"'}, b"x"),
        "found the range 'bytes 1-1/10', expected bytes 0-0 and the size",
        "",
    ),
    "no size": ((206, {"Content-Range": "bytes 0-0/*"}, b"x"), "expected bytes 0-0 and", ""),
    "no version": ((206, {"Content-Range": "bytes 0-0/9"}, b"x"), "neither ETag nor Last-Mod", ""),
    "too long": (
        (206, {"Content-Range": "bytes 0-0/9", "ETag": '"1"'}, b"xy"),
        "more than the 1 bytes that were asked for came",
        "",
    ),
    "too short": (
        (206, {"Content-Range": "bytes 0-0/9", "ETag": '"1"'}, b""),
        "0 bytes came, expected 1",
        "",
    ),
    "compressed": (
        (206, {"Content-Range": "bytes 0-0/9", "Content-Encoding": "gzip"}, b"x"),
        "comes as gzip, expected the object as it is",
        "",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_one_clear_error_each(origin: Origin, name: str) -> None:
    reply, text, aws_text = REFUSALS[name]
    origin.answer = lambda _path, _headers: reply
    with pytest.raises(SourceError, match=rf"^{origin.url}/a/disk\.vmdk: .*{text}") as caught:
        _open(origin)
    assert SECRET not in _message(caught)
    assert caught.value.hint or name in ("418", "too long", "too short")
    assert aws_text in caught.value.aws_text
    assert len(origin.asked) == (5 if name in ("503", "too short") else 1)


def test_an_endless_body_is_not_read(origin: Origin) -> None:
    source = _open(origin)
    origin.answer = lambda _path, _headers: (200, {"Content-Length": str(1 << 40)}, b"")
    with pytest.raises(SourceError, match="does not give ranges"):
        source.read_at(0, 10)


def test_a_flaky_server_is_asked_again(origin: Origin) -> None:
    source = _open(origin)
    troubles: list[Reply] = [
        (503, {}, b"slow down"),
        (500, {}, b""),
        (
            206,
            {"Content-Range": f"bytes 5-24/{len(DATA)}", "Content-Length": "20", **origin.headers},
            b"breaks off",
        ),
    ]
    origin.answer = lambda _path, _headers: troubles.pop(0) if troubles else None
    assert source.read_at(5, 20) == DATA[5:25]
    assert len(origin.asked) == 1 + 4


def test_a_server_that_is_gone(origin: Origin) -> None:
    origin.close()
    with pytest.raises(SourceError, match=r"disk\.vmdk: cannot be reached: .*") as caught:
        _open(origin)
    assert SECRET not in _message(caught)


def _redirects(origin: Origin, *chain: str) -> None:
    """Lead from ``/a/disk.vmdk`` over the chain; the last one has the object."""
    steps = dict(zip(("/a/disk.vmdk", *chain), chain, strict=False))
    origin.answer = lambda path, _headers: (
        (302, {"Location": f"{steps[here]}?{SECRET}"}, b"")
        if (here := path.partition("?")[0]) in steps
        else None
    )


def test_redirects_are_followed_once(origin: Origin) -> None:
    _redirects(origin, "/1", "/2", "/3", "/4", "/5")
    source = _open(origin)
    assert source.read_at(5, 10) == DATA[5:15]
    assert source.read_at(7, 10) == DATA[7:17]
    assert [line.partition(" ")[2].partition("?")[0] for line in origin.asked] == [
        "/a/disk.vmdk",
        *(f"/{n}" for n in range(1, 6)),
        "/5",
        "/5",
    ]


def test_six_redirects_are_too_many(origin: Origin) -> None:
    _redirects(origin, "/1", "/2", "/3", "/4", "/5", "/6")
    with pytest.raises(SourceError, match="found more than 5 redirects") as caught:
        _open(origin)
    assert SECRET not in _message(caught)


def test_a_target_that_expires_is_looked_for_again(origin: Origin) -> None:
    until = 2

    def answer(path: str, _headers: dict[str, str]) -> Reply | None:
        if path.startswith("/a"):
            return 302, {"Location": f"/for-minutes-{until}"}, b""
        return None if path.endswith(str(until)) else (403, {}, b"")

    origin.answer = answer
    source = _open(origin)
    until = 3
    assert source.read_at(5, 10) == DATA[5:15]
    assert len(origin.asked) == 2 + 3


def test_every_target_is_judged(tls: Origin, origin: Origin) -> None:
    tls.answer = lambda _path, _headers: (
        302,
        {"Location": f"https://127.0.0.1:{tls.port}/in?{SECRET}"},
        b"",
    )
    try:
        with pytest.raises(SourceError, match=r"/in: its host has no public address") as caught:
            _open(tls, OURS)
        assert SECRET not in _message(caught)
        tls.answer = lambda _path, _headers: (302, {"Location": f"{origin.url}/x?{SECRET}"}, b"")
        with pytest.raises(SourceError, match="redirects to http://, expected https://"):
            _open(tls)
    finally:
        tls.answer = lambda _path, _headers: None
    assert origin.asked == []


@pytest.mark.parametrize(
    ("location", "text"),
    [
        ("file:///etc/passwd", "redirects to file://, expected https://"),
        ("", "redirects to http://, expected https://"),
        ("ftp://h/x", "redirects to ftp://"),
        ("http://h:x/", "redirects to what is no URL"),
    ],
)
def test_targets_that_are_none(origin: Origin, location: str, text: str) -> None:
    origin.answer = lambda _path, _headers: (301, {"Location": location}, b"")
    with pytest.raises(SourceError, match=text):
        _open(origin)


@pytest.mark.parametrize("url", ["https://", "https:///x", "http://h:x/", "https://h/\n", "https"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(SourceError, match=r"^url: ") as caught:
        stores.open_source(f"{url}?{SECRET}", ANY)
    assert SECRET not in _message(caught)


def test_nothing_is_kept_in_the_web() -> None:
    with pytest.raises(
        SourceError, match=r"scheme 'https' is not served, expected one of file, s3$"
    ):
        stores.connect("https://h", ANY)
