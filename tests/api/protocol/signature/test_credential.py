# SPDX-License-Identifier: Apache-2.0
"""What a request says about its signature, and what cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.api.protocol.http import Request
from vmferry.api.protocol.signature import identify
from vmferry.errors import ApiError

SIGNATURE = "f" * 64
HEADER = (
    "AWS4-HMAC-SHA256 Credential=AKID/20260102/eu-west-1/{}/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={SIGNATURE}"
)
QUERY = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "AKID%2F20260102%2Feu-west-1%2Fs3%2Faws4_request",
    "X-Amz-Date": "20260102T030405Z",
    "X-Amz-Expires": "604800",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": SIGNATURE,
}


def header(text: str, date: str = "20260102T030405Z") -> Request:
    """Return a request with that Authorization."""
    return Request("GET", "/", "", {"authorization": text, "x-amz-date": date})


def query(**changes: str) -> Request:
    """Return a presigned request; ``_`` in a name stands for a dash, ``""`` leaves it out."""
    named = {f"X-Amz-{name}": value for name, value in changes.items()}
    pairs = {**QUERY, **named}
    text = "&".join(f"{name}={value}" for name, value in pairs.items() if value)
    return Request("GET", "/", text, {})


def refusal(request: Request) -> tuple[str, int, str]:
    """Return code, status and message."""
    with pytest.raises(ApiError) as caught:
        identify(request)
    return caught.value.code, caught.value.status, caught.value.message


def test_a_header_is_read() -> None:
    credential = identify(header(HEADER.format("ec2")))
    assert credential.access_key == "AKID"
    assert (credential.region, credential.service) == ("eu-west-1", "ec2")
    assert credential.scope == "20260102/eu-west-1/ec2/aws4_request"
    assert credential.time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert credential.amz_date == "20260102T030405Z"
    assert credential.signed_headers == ("host", "x-amz-date")
    assert not credential.presigned
    assert SIGNATURE not in repr(credential)


def test_a_header_may_leave_the_blanks_out() -> None:
    assert identify(header(HEADER.format("ec2").replace(", ", ","))).access_key == "AKID"


def test_a_date_header_will_do() -> None:
    request = Request(
        "GET",
        "/",
        "",
        {"authorization": HEADER.format("s3"), "date": "Fri, 02 Jan 2026 03:04:05 GMT"},
    )
    assert identify(request).amz_date == "20260102T030405Z"


def test_a_presigned_url_is_read() -> None:
    credential = identify(query())
    assert (credential.presigned, credential.expires_s) == (True, 604_800)
    assert (credential.access_key, credential.service) == ("AKID", "s3")


def test_no_signature_is_named() -> None:
    assert refusal(Request("GET", "/", "Action=x", {})) == (
        "MissingAuthenticationToken",
        403,
        "Request is missing Authentication Token",
    )


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("AWS AKID:abc=", "The signing method AWS is not supported"),
        ("Bearer x", "The signing method Bearer is not supported"),
        ("AWS4-HMAC-SHA256", "has '' where it must not be"),
        ("AWS4-HMAC-SHA256 Signature=f", "requires 'Credential' parameter"),
        (
            HEADER.format("ec2").replace("Signature=" + SIGNATURE, "Signature="),
            "requires 'Signature'",
        ),
        (HEADER.format("ec2").replace(" Cred", " X=Credential=a/b/c/s3/d, Cred"), "has 'X' where"),
        (HEADER.format("ec2").replace("/aws4_request", ""), "Credential must be"),
        (HEADER.format("ec2").replace("AKID", ""), "Credential must be"),
        (HEADER.format("ec2").replace("host;", "Host;"), "SignedHeaders must be"),
        (HEADER.format("ec2").replace("20260102", "20260103"), "is not that of the request"),
        (HEADER.format("ec2") + ", Credential=a/b/c/s3/aws4_request", "has 'Credential' where"),
    ],
)
def test_a_header_that_cannot_be_read_is_refused(text: str, cause: str) -> None:
    code, status, message = refusal(header(text))
    assert (code, status) == ("IncompleteSignature", 400)
    assert cause in message


def test_a_date_that_cannot_be_read_is_refused() -> None:
    for date in ("", "x", "20261302T030405Z", "2026-01-02T03:04:05Z"):
        assert "X-Amz-Date or Date" in refusal(header(HEADER.format("ec2"), date))[2]


def test_s3_has_its_own_codes() -> None:
    text = HEADER.format("s3").replace("host;", "Host;")
    assert refusal(header(text))[0] == "AuthorizationHeaderMalformed"
    short = HEADER.format("s3").replace(SIGNATURE, "f")
    assert refusal(header(short))[:2] == ("SignatureDoesNotMatch", 403)


@pytest.mark.parametrize(
    ("name", "value", "cause"),
    [
        ("Expires", "604801", "between 1 and 604800"),
        ("Expires", "0", "between 1 and 604800"),
        ("Expires", "-1", "must be a number"),
        ("Expires", "", "must be a number"),
        ("Algorithm", "AWS4-ECDSA-P256-SHA256", "only supports"),
        ("SignedHeaders", "", "X-Amz-SignedHeaders is missing"),
        ("Date", "20260103T030405Z", "is not that of the request"),
    ],
)
def test_a_presigned_url_that_cannot_be_read_is_refused(name: str, value: str, cause: str) -> None:
    code, status, message = refusal(query(**{name: value}))
    assert (code, status) == ("AuthorizationQueryParametersError", 400)
    assert cause in message


def test_a_parameter_that_comes_twice_is_refused() -> None:
    request = query()
    twice = Request("GET", "/", request.query + "&X-Amz-Expires=1", {})
    assert "comes twice" in refusal(twice)[2]


@given(text=st.text(max_size=80), date=st.text(max_size=20))
def test_any_header_is_read_or_refused(text: str, date: str) -> None:
    refusal(header("AWS4-HMAC-SHA256 Credential=" + text, date))
    refusal(Request("GET", "/", "X-Amz-Algorithm=" + text, {}))
