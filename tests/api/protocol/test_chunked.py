# SPDX-License-Identifier: Apache-2.0
"""aws-chunked bodies: AWS's published example, botocore's own encoder, and mutations."""

from __future__ import annotations

import hashlib
import hmac
import io

import pytest
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum
from hypothesis import given
from hypothesis import strategies as st

from vmferry.api.protocol.chunked import (
    LONGEST_LINE,
    SIGNED,
    SIGNED_TRAILER,
    UNSIGNED_TRAILER,
    ChunkedDecoder,
)
from vmferry.api.protocol.signature.canonical import signing_key
from vmferry.errors import ApiError, ServiceError

# The example of the S3 API reference: 66,560 letters "a" in chunks of 64 KiB and 1 KiB.
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
DATE = "20130524T000000Z"
SCOPE = "20130524/us-east-1/s3/aws4_request"
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
FIRST = "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"
SECOND = "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"
LAST = "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"
KEY = signing_key(SECRET, "20130524", "us-east-1", "s3")

EXAMPLE = (
    f"10000;chunk-signature={FIRST}\r\n{'a' * 65536}\r\n"
    f"400;chunk-signature={SECOND}\r\n{'a' * 1024}\r\n"
    f"0;chunk-signature={LAST}\r\n\r\n"
).encode()

# The same with a trailer, from the same reference.
TRAILER_SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
TRAILER_EXAMPLE = (
    "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n"
    f"{'a' * 65536}\r\n"
    "400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n"
    f"{'a' * 1024}\r\n"
    "0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    "x-amz-checksum-crc32c:sOO8/Q==\r\n"
    "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n"
    "\r\n"
).encode()


def decoder(mode: str = SIGNED, *, seed: str = SEED, length: int | None = None) -> ChunkedDecoder:
    """Return a decoder for the example's key and date."""
    return ChunkedDecoder(seed, KEY, SCOPE, DATE, mode, length=length)


def decode(body: bytes, mode: str = SIGNED, *, seed: str = SEED, step: int = 1 << 20) -> bytes:
    """Feed ``body`` in pieces and return what it carries."""
    taken = decoder(mode, seed=seed)
    out = b"".join(taken.feed(body[at : at + step]) for at in range(0, len(body), step))
    taken.finish()
    return out


def encoded(chunks: list[bytes], trailers: dict[str, str] | None = None) -> bytes:
    """Encode as the reference says, written apart from the decoder."""
    previous = SEED

    def sign(kind: str, *hashes: str) -> str:
        lines = [f"AWS4-HMAC-SHA256-{kind}", DATE, SCOPE, previous, *hashes]
        return hmac.new(KEY, "\n".join(lines).encode(), "sha256").hexdigest()

    out = b""
    for chunk in [*chunks, b""]:
        empty, digest = hashlib.sha256().hexdigest(), hashlib.sha256(chunk).hexdigest()
        previous = sign("PAYLOAD", empty, digest)
        out += f"{len(chunk):x};chunk-signature={previous}\r\n".encode()
        out += chunk + b"\r\n" if chunk else b""
    if trailers is not None:
        text = "".join(f"{name}:{value}\n" for name, value in sorted(trailers.items()))
        previous = sign("TRAILER", hashlib.sha256(text.encode()).hexdigest())
        for name, value in {**trailers, "x-amz-trailer-signature": previous}.items():
            out += f"{name}:{value}\r\n".encode()
    return out + b"\r\n"


@pytest.mark.parametrize("step", [1, 7, 1000, 1 << 20])
def test_the_published_example(step: int) -> None:
    assert decode(EXAMPLE, step=step) == b"a" * 66560


def test_the_published_example_with_a_trailer() -> None:
    taken = decoder(SIGNED_TRAILER, seed=TRAILER_SEED, length=66560)
    assert taken.feed(TRAILER_EXAMPLE) == b"a" * 66560
    assert taken.finish() == {"x-amz-checksum-crc32c": "sOO8/Q=="}
    assert taken.trailers == {"x-amz-checksum-crc32c": "sOO8/Q=="}


@pytest.mark.oracle
@pytest.mark.parametrize("size", [0, 1, 5000])
def test_botocores_unsigned_chunks(size: int) -> None:
    content = bytes(range(256)) * 20
    wrapped = AwsChunkedWrapper(
        io.BytesIO(content[:size]), Crc32Checksum, "x-amz-checksum-crc32", chunk_size=1000
    )
    taken = decoder(UNSIGNED_TRAILER)
    assert taken.feed(wrapped.read()) == content[:size]
    checksum = Crc32Checksum()
    checksum.update(content[:size])
    assert taken.finish() == {"x-amz-checksum-crc32": checksum.b64digest()}


@given(chunks=st.lists(st.binary(min_size=1, max_size=40), max_size=4), step=st.integers(1, 200))
def test_any_chunks_come_back(chunks: list[bytes], step: int) -> None:
    assert decode(encoded(chunks), step=step) == b"".join(chunks)
    trailers = {"x-amz-checksum-crc32": "AAAAAA=="}
    assert decode(encoded(chunks, trailers), SIGNED_TRAILER, step=step) == b"".join(chunks)


@pytest.mark.parametrize("trailers", [None, {"x-amz-checksum-crc32": "AAAAAA=="}])
def test_every_changed_byte_is_refused(trailers: dict[str, str] | None) -> None:
    body = encoded([b"hello", b"world"], trailers)
    mode = SIGNED_TRAILER if trailers else SIGNED
    for at in range(len(body)):
        changed = bytearray(body)
        changed[at] ^= 1
        # A lone LF ends a line too: the CR before it is the one byte that nothing covers.
        if body[at : at + 2] == b"\r\n":
            continue
        with pytest.raises(ApiError):
            decode(bytes(changed), mode)


def test_every_truncation_is_refused() -> None:
    body = encoded([b"hello"])
    # Without the empty line behind the last chunk the body is complete all the same.
    for end in range(len(body) - 3):
        with pytest.raises(ApiError, match="You did not provide the number of bytes"):
            decode(body[:end])
    assert decode(body[:-2]) == b"hello"


def test_a_wrong_signature_has_s3s_code() -> None:
    with pytest.raises(ApiError, match="The request signature we calculated") as caught:
        decode(EXAMPLE.replace(b"aaaa\r\n400", b"aaab\r\n400"))
    assert (caught.value.code, caught.value.status) == ("SignatureDoesNotMatch", 403)


def test_the_decoded_length_is_compared() -> None:
    taken = decoder(length=66561)
    taken.feed(EXAMPLE)
    with pytest.raises(ApiError) as caught:
        taken.finish()
    assert caught.value.hint == "Announced: 66561 bytes, found: 66560 (decoded)"


@pytest.mark.parametrize(
    ("body", "mode"),
    [
        (b"5\r\nhello\r\n0\r\n\r\n", SIGNED),
        (b"5;chunk-signature=" + b"0" * 64 + b"\r\nhello\r\n", UNSIGNED_TRAILER),
        (b"ffffffffff\r\n", UNSIGNED_TRAILER),
        (b"-5\r\nhello", UNSIGNED_TRAILER),
        (b"5\r\nhelloX\r\n0\r\n\r\n", UNSIGNED_TRAILER),
        (b"0\r\nno colon\r\n\r\n", UNSIGNED_TRAILER),
        (b"0\r\na:\x00\r\n\r\n", UNSIGNED_TRAILER),
        (b"0\r\n" + b"".join(b"a%d:b\r\n" % n for n in range(17)), UNSIGNED_TRAILER),
        (b"0\r\n\r\nmore", UNSIGNED_TRAILER),
        (b"0" * (LONGEST_LINE + 1), UNSIGNED_TRAILER),
    ],
)
def test_broken_frames_are_refused(body: bytes, mode: str) -> None:
    with pytest.raises(ApiError):
        decode(body, mode)


def test_an_endless_line_is_not_kept() -> None:
    taken = decoder(UNSIGNED_TRAILER)
    for _ in range(10):
        assert taken.feed(b"0" * 100) == b""
    with pytest.raises(ApiError, match="exceeds 1024 bytes"):
        taken.feed(b"0" * 100)


def test_another_mode_is_a_defect() -> None:
    with pytest.raises(ServiceError, match="this is no mode of aws-chunked"):
        decoder("UNSIGNED-PAYLOAD")
