# SPDX-License-Identifier: Apache-2.0
"""The S3 store against endpoints that misbehave; what a good one does is the contract's matter."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.session import Session

from vmferry.errors import ServiceError, SourceError, StorageFullError, TaskCancelledError
from vmferry.stores import Access
from vmferry.stores.s3 import S3Store
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Reply = tuple[int, dict[str, str], bytes]
Handle = Callable[[str, str, dict[str, list[str]], bytes], Reply]

HEAD: Final[Reply] = (200, {"Content-Length": "1000", "ETag": '"one"'}, b"")


def _error(code: str, status: int = 400) -> Reply:
    return status, {}, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()


class Endpoint:
    """A server that answers as a test tells it, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Handle = lambda *_request: _error("AccessDenied", 403)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"  # Older ones know no "Expect: 100-continue".

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                url = urlsplit(self.path)
                query = parse_qs(url.query, keep_blank_values=True)
                outer.asked.append(f"{self.command} {url.path} {','.join(sorted(query))}".strip())
                outer.headers.append(dict(self.headers))
                status, headers, content = outer.answer(self.command, url.path, query, body)
                self.send_response(status)
                common = {"Content-Length": str(len(content)), "Connection": "close"}
                for name, value in {**common, **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    running = Endpoint()
    yield running
    running.close()


@pytest.fixture
def store(endpoint: Endpoint) -> S3Store:
    return S3Store("disks", Access(endpoint=endpoint.url, access_key="A", secret_key="S"))


def test_no_endpoint() -> None:
    with pytest.raises(SourceError, match=r"^s3: no endpoint is configured for s3:// URLs$"):
        S3Store("disks", Access())


def test_what_is_refused_is_not_missing(store: S3Store) -> None:
    for use in (store.open, store.size):
        with pytest.raises(SourceError, match=r"^s3://disks/key: the S3 endpoint refused: 403$"):
            use("key")
    with pytest.raises(SourceError, match=r"^s3://disks: the S3 endpoint refused: AccessDenied$"):
        store.list()


def test_an_endpoint_that_is_gone(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.server.shutdown()
    endpoint.server.socket.close()
    for use in (store.open, store.size, store.list, store.delete):
        with pytest.raises(SourceError, match=r"the S3 endpoint cannot be reached: .*connect"):
            use("key")


def test_an_endpoint_without_range_is_not_read(endpoint: Endpoint, store: S3Store) -> None:
    # The body never comes: whoever tried to read it would hang or fail otherwise.
    endpoint.answer = lambda *_: HEAD
    source = store.open("key")
    endpoint.answer = lambda *_: (200, {"Content-Length": str(1 << 40)}, b"")
    text = f"^s3://disks/key: {1 << 40} bytes come for 10 at byte 5$"
    with pytest.raises(SourceError, match=text) as caught:
        source.read_at(5, 10)
    assert caught.value.hint == "The S3 endpoint does not honour Range"


def test_a_read_is_one_range_of_the_pinned_object(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.answer = lambda *_: HEAD
    source = store.open("a/b c")
    endpoint.answer = lambda *_: (206, {}, b"0123456789")
    assert source.read_at(5, 10) == b"0123456789"
    assert source.read_at(1000, 0) == b""
    assert endpoint.asked == ["HEAD /disks/a/b%20c", "GET /disks/a/b%20c"]
    assert endpoint.headers[-1]["Range"] == "bytes=5-14"
    assert endpoint.headers[-1]["If-Match"] == '"one"'


def test_a_body_that_breaks_off(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.answer = lambda *_: HEAD
    source = store.open("key")
    endpoint.answer = lambda *_: (206, {"Content-Length": "10"}, b"0123")
    with pytest.raises(SourceError, match=r"^s3://disks/key: the S3 endpoint cannot be reached: "):
        source.read_at(5, 10)
    assert len(endpoint.asked) == 1 + 3
    bodies = iter([b"0123", b"", b"0123456789"])
    endpoint.answer = lambda *_: (206, {"Content-Length": "10"}, next(bodies))
    assert source.read_at(5, 10) == b"0123456789"


@pytest.mark.parametrize("code", ["InsufficientCapacity", "XMinioStorageFull"])
def test_a_full_endpoint(endpoint: Endpoint, store: S3Store, code: str) -> None:
    endpoint.answer = lambda *_: _error(code)
    with pytest.raises(StorageFullError, match=rf"^key: the S3 endpoint is full \({code}\)$"):
        store.put("key", b"x")


def test_a_list_of_several_pages(endpoint: Endpoint, store: S3Store) -> None:
    def pages(_command: str, _path: str, query: dict[str, list[str]], _body: bytes) -> Reply:
        assert query["prefix"] == ["k"]
        last = "continuation-token" in query
        if last:
            assert query["continuation-token"] == ["t o"]
        keys = ("k3",) if last else ("k2", "k1")
        items = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys)
        more = "" if last else "<NextContinuationToken>t o</NextContinuationToken>"
        cut = str(not last).lower()
        text = f"<ListBucketResult><IsTruncated>{cut}</IsTruncated>{more}{items}</ListBucketResult>"
        return 200, {}, text.encode()

    endpoint.answer = pages
    assert store.list("k") == ["k1", "k2", "k3"]


def _upload(parts: Reply, complete: Reply, abort: Reply) -> Handle:
    def answer(command: str, _path: str, query: dict[str, list[str]], _body: bytes) -> Reply:
        if "uploads" in query:
            text = b"<InitiateMultipartUploadResult><UploadId>u</UploadId>"
            return 200, {}, text + b"</InitiateMultipartUploadResult>"
        if command == "PUT":
            return parts
        return abort if command == "DELETE" else complete

    return answer


PART: Final[Reply] = (200, {"ETag": '"p"'}, b"")
GONE: Final[Reply] = (204, {}, b"")
WHOLE: Final[Reply] = (200, {}, b"<CompleteMultipartUploadResult/>")
HALF: Final[Reply] = (200, {}, _error("InternalError")[2])
"""S3 may say 200 and fail afterwards."""


@pytest.fixture
def artifact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("vmferry.stores.s3.SMALLEST_PART", MIB)
    path = tmp_path / "artifact"
    path.write_bytes(bytes(2 * MIB + 1))
    return path


@pytest.mark.parametrize(
    ("replies", "text"),
    [
        ((_error("AccessDenied"), WHOLE, GONE), "^out: the S3 endpoint refused: AccessDenied$"),
        ((PART, _error("InvalidPart"), GONE), "^out: the S3 endpoint refused: InvalidPart$"),
        ((PART, HALF, GONE), "^out: the S3 endpoint refused: InternalError$"),
        ((PART, _error("InvalidPart"), _error("NoSuchUpload")), "refused: InvalidPart$"),
    ],
)
def test_a_failed_upload_is_aborted_and_the_file_stays(
    endpoint: Endpoint, store: S3Store, artifact: Path, replies: tuple[Reply, ...], text: str
) -> None:
    endpoint.answer = _upload(*replies)
    with pytest.raises(SourceError, match=text):
        store.adopt("out", artifact, lambda _done: None)
    assert endpoint.asked[-1] == "DELETE /disks/out uploadId"
    assert artifact.exists()


def test_a_stopped_upload_says_why_it_stopped(
    endpoint: Endpoint, store: S3Store, artifact: Path
) -> None:
    def stop(_done: int) -> None:
        raise TaskCancelledError("the task was cancelled")

    endpoint.answer = _upload(PART, WHOLE, _error("AccessDenied", 403))
    with pytest.raises(TaskCancelledError, match=r"^the task was cancelled$"):
        store.adopt("out", artifact, stop)
    assert endpoint.asked == [
        "POST /disks/out uploads",
        "PUT /disks/out partNumber,uploadId",
        "DELETE /disks/out uploadId",
    ]


def test_parts_grow_with_the_file(
    endpoint: Endpoint, store: S3Store, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.answer = _upload(PART, WHOLE, GONE)
    monkeypatch.setattr("vmferry.stores.s3.MOST_PARTS", 2)
    ticks: list[int] = []
    store.adopt("out", artifact, ticks.append)
    assert ticks == [MIB + 1, 2 * MIB + 1]
    assert not artifact.exists()


def test_errors_are_the_callers_or_ours() -> None:
    assert not issubclass(SourceError, ServiceError)
    assert "secret" not in repr(Access(access_key="A", secret_key="secret"))


def test_a_process_makes_one_client(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    create = Session.create_client

    def counted(session: Session, name: str, **options: object) -> object:
        made.append(name)
        return create(session, name, **options)

    monkeypatch.setattr(Session, "create_client", counted)
    endpoint.answer = lambda *_request: HEAD
    access = Access(endpoint=endpoint.url, access_key="A", secret_key="S")
    for _ in range(2):
        S3Store("disks", access).open("key")
    assert made == ["s3"]
    monkeypatch.setattr("os.getpid", lambda: -1)
    S3Store("disks", access)
    assert len(made) == 2, "two processes on one connection would read each other's answers"


def _uploads(*uploads: tuple[str, str]) -> Reply:
    items = "".join(
        f"<Upload><Key>{key}</Key><UploadId>{upload}</UploadId></Upload>" for key, upload in uploads
    )
    text = f"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>{items}"
    return 200, {}, f"{text}</ListMultipartUploadsResult>".encode()


def test_an_upload_gives_up_what_was_begun_before_it(endpoint: Endpoint, store: S3Store) -> None:
    listed = [_uploads(("out", "old"), ("out-of-another", "x"))]

    def answer(command: str, path: str, query: dict[str, list[str]], body: bytes) -> Reply:
        if command == "GET":
            return listed.pop()
        return _upload(PART, WHOLE, GONE)(command, path, query, body)

    endpoint.answer = answer
    assert store.begin("out") == "u"
    assert endpoint.asked == [
        "GET /disks prefix,uploads",
        "DELETE /disks/out uploadId",
        "POST /disks/out uploads",
    ]


def test_rclone_refuses_to_list_no_uploads(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.answer = lambda *_: _error("NoSuchUpload", 404)
    store.abandon("out")
    endpoint.answer = lambda *_: _error("AccessDenied", 403)
    with pytest.raises(SourceError, match=r"^out: the S3 endpoint refused: AccessDenied$"):
        store.abandon("out")


def test_uploads_are_given_up_over_pages(endpoint: Endpoint, store: S3Store) -> None:
    def pages(command: str, _path: str, query: dict[str, list[str]], _body: bytes) -> Reply:
        if command == "DELETE":
            return _error("NoSuchUpload", 404)
        if "key-marker" in query:
            return _uploads(("out", "two"))
        more = b"<NextKeyMarker>out</NextKeyMarker><NextUploadIdMarker>one</NextUploadIdMarker>"
        text = _uploads(("out", "one"))[2].replace(b"false</IsTruncated>", b"true</IsTruncated>")
        return 200, {}, text.replace(b"<Upload>", more + b"<Upload>")

    endpoint.answer = pages
    store.abandon("out")
    assert endpoint.asked.count("DELETE /disks/out uploadId") == 2


def test_a_part_that_is_there_already(endpoint: Endpoint, store: S3Store) -> None:
    tag = hashlib.md5(b"part", usedforsecurity=False).hexdigest()

    def answer(command: str, _path: str, _query: dict[str, list[str]], body: bytes) -> Reply:
        if command == "PUT":
            return _error("InvalidPart") if body != b"new" else PART
        part = f"<Part><PartNumber>2</PartNumber><ETag>{tag}</ETag></Part>"
        text = f"<ListPartsResult><IsTruncated>false</IsTruncated>{part}</ListPartsResult>"
        return 200, {}, text.encode()

    endpoint.answer = answer
    assert store.send("out", "u", 2, b"new") == '"p"'
    assert store.send("out", "u", 2, b"part") == f'"{tag}"'
    with pytest.raises(SourceError, match=r"refused: InvalidPart$"):
        store.send("out", "u", 2, b"other")
    with pytest.raises(SourceError, match=r"refused: InvalidPart$"):
        store.send("out", "u", 3, b"part")


def test_an_object_is_made_once(endpoint: Endpoint, store: S3Store) -> None:
    there = [True]

    def answer(command: str, _path: str, query: dict[str, list[str]], _body: bytes) -> Reply:
        if command == "POST":
            return _error("NoSuchUpload", 404)
        if command == "HEAD":
            return HEAD if there[0] else (404, {}, b"")
        return _uploads() if "uploads" in query else GONE

    endpoint.answer = answer
    store.join("out", "u", ['"p"'])
    there[0] = False
    with pytest.raises(SourceError, match=r"^out: it does not exist \(NoSuchUpload\)$"):
        store.join("out", "u", ['"p"'])


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (
            (
                200,
                {},
                (
                    b"<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
                    b"<SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault>"
                    b"</Rule></ServerSideEncryptionConfiguration>"
                ),
            ),
            "aws:kms",
        ),
        ((200, {}, b"<ServerSideEncryptionConfiguration/>"), ""),
        (_error("ServerSideEncryptionConfigurationNotFoundError", 404), ""),
    ],
)
def test_how_a_bucket_is_encrypted(
    endpoint: Endpoint, store: S3Store, reply: Reply, expected: str
) -> None:
    endpoint.answer = lambda command, *_: (200, {}, b"") if command == "HEAD" else reply
    assert store.encryption() == expected
    endpoint.answer = lambda *_: (404, {}, b"")
    with pytest.raises(SourceError, match=r"^s3://disks: it does not exist \(404\)$"):
        store.encryption()
