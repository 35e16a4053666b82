# SPDX-License-Identifier: Apache-2.0
"""Checksums: the CRC catalogue's check values, botocore's, and what is refused."""

from __future__ import annotations

import base64
import hashlib

import pytest
from botocore.httpchecksum import Crc32Checksum, Sha256Checksum
from hypothesis import given
from hypothesis import strategies as st

from vmferry.api.protocol.checksum import ObjectCheck, algorithm, declared
from vmferry.errors import ApiError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # CRC catalogue (reveng): CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME of "123456789".
        ("crc32", "cbf43926"),
        ("crc32c", "e3069283"),
        ("crc64nvme", "ae8b14860a799888"),
        ("md5", hashlib.md5(b"123456789", usedforsecurity=False).hexdigest()),
        ("SHA1", hashlib.sha1(b"123456789", usedforsecurity=False).hexdigest()),
        ("sha256", hashlib.sha256(b"123456789").hexdigest()),
        ("sha512", hashlib.sha512(b"123456789").hexdigest()),
    ],
)
def test_the_check_values(name: str, value: str) -> None:
    digest = algorithm(name)
    digest.update(b"1234")
    digest.update(b"56789")
    assert digest.digest().hex() == value


def test_awss_example_of_crc32c() -> None:
    check = ObjectCheck({"x-amz-checksum-crc32c": "sOO8/Q=="})
    check.feed(b"a" * 66560)
    assert check.finish() == {"crc32c": "sOO8/Q=="}


@pytest.mark.oracle
@given(st.lists(st.binary(max_size=50), max_size=4))
def test_botocores_checksums_hold(pieces: list[bytes]) -> None:
    crc, sha = Crc32Checksum(), Sha256Checksum()
    for piece in pieces:
        crc.update(piece)
        sha.update(piece)
    headers = {
        "x-amz-checksum-crc32": crc.b64digest(),
        "x-amz-checksum-sha256": sha.b64digest(),
        "x-amz-checksum-type": "FULL_OBJECT",
        "x-amz-sdk-checksum-algorithm": "CRC32",
    }
    check = ObjectCheck(headers)
    for piece in pieces:
        check.feed(piece)
    assert check.finish() == {"crc32": crc.b64digest(), "sha256": sha.b64digest()}


def test_a_promised_trailer_is_compared() -> None:
    headers = {"x-amz-trailer": "x-amz-checksum-crc32"}
    good = base64.b64encode(bytes.fromhex("cbf43926")).decode()
    for trailers, code in (
        ({"x-amz-checksum-crc32": good}, ""),
        ({"x-amz-checksum-crc32": "AAAAAA=="}, "BadDigest"),
        ({"x-amz-checksum-crc32": "AAAA"}, "InvalidRequest"),
        ({}, "InvalidRequest"),
    ):
        check = ObjectCheck(headers)
        check.feed(b"123456789")
        if code:
            with pytest.raises(ApiError) as caught:
                check.finish(trailers)
            assert caught.value.code == code
        else:
            assert check.finish(trailers) == {"crc32": good}


def test_content_md5_is_compared() -> None:
    good = base64.b64encode(hashlib.md5(b"x", usedforsecurity=False).digest()).decode()
    check = ObjectCheck({"content-md5": good})
    check.feed(b"x")
    assert check.finish() == {}
    check = ObjectCheck({"content-md5": good})
    check.feed(b"y")
    with pytest.raises(ApiError, match="The Content-MD5 you specified did not match") as caught:
        check.finish()
    assert caught.value.code == "BadDigest"
    with pytest.raises(ApiError, match="The Content-MD5 you specified is not valid") as caught:
        ObjectCheck({"content-md5": "nonsense"})
    assert caught.value.code == "InvalidDigest"


def test_what_cannot_be_computed_is_refused() -> None:
    for headers in (
        {"x-amz-checksum-crc32": "!"},
        {"x-amz-trailer": "x-amz-checksum-xxhash3"},
        {"x-amz-checksum-xxhash64": "AAAAAAAAAAA="},
    ):
        with pytest.raises(ApiError) as caught:
            ObjectCheck(headers)
        assert caught.value.code == "InvalidRequest"


def test_other_headers_are_no_checksums() -> None:
    headers = {"x-amz-checksum-type": "COMPOSITE", "x-amz-checksum-mode": "ENABLED", "a": "b"}
    assert declared(headers) == {}
