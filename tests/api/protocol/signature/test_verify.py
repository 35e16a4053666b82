# SPDX-License-Identifier: Apache-2.0
"""Requests that botocore signed are accepted, and refused once a byte of them is another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from vmferry.api.protocol.http import Request
from vmferry.api.protocol.signature import identify, unknown_key, verify
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
BODY = b"Action=DescribeImages&Version=2016-11-15&Owner.1=self"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}

SIGNERS: dict[str, tuple[Any, str]] = {
    "header": (SigV4Auth, "ec2"),
    "query": (SigV4QueryAuth, "ec2"),
    "iam": (SigV4Auth, "iam"),
    "s3": (S3SigV4Auth, "s3"),
    "s3-presigned": (S3SigV4QueryAuth, "s3"),
}


def signed(
    kind: str,
    *,
    method: str = "GET",
    url: str = "http://localhost:4599/",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Request:
    """Return a request that botocore signed now, as a server sees it."""
    signer, service = SIGNERS[kind]
    original = AWSRequest(method=method, url=url, headers=dict(headers or {}), data=body)
    signer(Credentials(KEY, SECRET), service, "eu-west-1").add_auth(original)
    prepared = original.prepare()
    _, _, rest = prepared.url.partition("://")
    host, _, target = rest.partition("/")
    path, _, query = target.partition("?")
    seen = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in prepared.headers.items()
    }
    return Request(method, "/" + path, query, {"host": host, **seen}, body)


def check(request: Request, *, now: datetime | None = None, secret: str = SECRET) -> None:
    """Identify, look the key up, and verify."""
    credential = identify(request)
    if credential.access_key != KEY:
        raise unknown_key(credential.service)
    verify(request, credential, secret, now=now or datetime.now(UTC))


def refusal(request: Request, **arguments: Any) -> ApiError:
    """Return why ``request`` is refused."""
    with pytest.raises(ApiError) as caught:
        check(request, **arguments)
    return caught.value


REQUESTS = {
    "ec2": lambda: signed("header", method="POST", headers=FORM, body=BODY),
    "ec2-get": lambda: signed("header", url="http://localhost:4599/?Action=DescribeImages&A=b%20c"),
    "ec2-query": lambda: signed("query", url="http://localhost:4599/?Action=DescribeImages"),
    "ec2-path": lambda: signed("header", url="http://localhost:4599/a//b/./c/../d%20e/"),
    "iam": lambda: signed("iam", method="POST", headers=FORM, body=BODY),
    "s3": lambda: signed(
        "s3", method="PUT", url="http://h/bucket/a//b/../%C3%A4%20x", body=b"hello"
    ),
    "s3-meta": lambda: signed("s3", url="http://h/b/k", headers={"x-amz-meta-a": "  b   c "}),
    "s3-empty-value": lambda: signed("s3", url="http://h/bucket?acl&prefix=a%2Fb"),
    "s3-presigned": lambda: signed("s3-presigned", url="http://h/bucket/key?versionId=1"),
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", REQUESTS)
def test_botocore_is_accepted(name: str) -> None:
    request = REQUESTS[name]()
    check(request)
    credential = identify(request)
    assert (credential.access_key, credential.region) == (KEY, "eu-west-1")
    assert credential.presigned == ("query" in name or "presigned" in name)


@pytest.mark.oracle
@pytest.mark.parametrize("name", REQUESTS)
def test_another_secret_is_refused(name: str) -> None:
    error = refusal(REQUESTS[name](), secret="another")
    if "ec2" in name:
        assert (error.code, error.status) == ("AuthFailure", 401)
        assert error.message == "AWS was not able to validate the provided access credentials"
    else:
        assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
        assert error.message.startswith("The request signature we calculated does not match")


@pytest.mark.oracle
# "c/../" is the same path whatever "c" is, so ec2-path proves nothing here.
@pytest.mark.parametrize("name", [name for name in REQUESTS if name != "ec2-path"])
def test_every_changed_byte_is_refused(name: str) -> None:
    request = REQUESTS[name]()
    for changed in _changes(request):
        refusal(changed)


def _changes(request: Request) -> list[Request]:
    """Change each byte to one that is never equivalent to it in a URL or a header."""
    out = [replace(request, method="PATCH")]
    out += [replace(request, path=text) for text in _texts(request.path)]
    out += [replace(request, query=text) for text in _texts(request.query)]
    for at in range(len(request.body)):
        body = bytearray(request.body)
        body[at] ^= 1
        out.append(replace(request, body=bytes(body)))
    covered = {*identify(request).signed_headers, "authorization"} & set(request.headers)
    for name in covered:
        for text in _texts(request.headers[name].strip()):
            out.append(replace(request, headers={**request.headers, name: text}))
    return out


def _texts(text: str) -> list[str]:
    other = {" ": "_", "/": "Z", ",": "_", ";": "_", "=": "_", "&": "_", "%": "_"}
    return [
        text[:at] + other.get(char, "Z" if char != "Z" else "Y") + text[at + 1 :]
        for at, char in enumerate(text)
        # A run of blanks counts as one, and blanks after a comma of Authorization as none.
        if char != " "
    ]


@pytest.mark.parametrize(
    ("name", "minutes", "code"),
    [
        ("ec2", 16, "RequestExpired"),
        ("ec2", -16, "RequestExpired"),
        ("iam", 16, "RequestExpired"),
        ("s3", 16, "RequestTimeTooSkewed"),
        ("s3", -16, "RequestTimeTooSkewed"),
        ("s3-presigned", 61, "AccessDenied"),
        ("s3-presigned", -16, "AccessDenied"),
        ("ec2-query", 61, "RequestExpired"),
    ],
)
def test_a_clock_that_is_off_is_refused(name: str, minutes: int, code: str) -> None:
    error = refusal(REQUESTS[name](), now=datetime.now(UTC) + timedelta(minutes=minutes))
    assert error.code == code


def test_a_clock_that_is_a_little_off_is_accepted() -> None:
    for minutes in (14, -14):
        check(REQUESTS["ec2"](), now=datetime.now(UTC) + timedelta(minutes=minutes))


def test_a_naive_time_counts_as_utc() -> None:
    check(REQUESTS["ec2"](), now=datetime.now(UTC).replace(tzinfo=None))


def test_an_unsigned_amz_header_is_refused() -> None:
    for name, code in (("s3", "AccessDenied"), ("iam", "SignatureDoesNotMatch")):
        request = REQUESTS[name]()
        added = replace(request, headers={**request.headers, "x-amz-acl": "public-read"})
        error = refusal(added)
        assert error.code == code
        assert "x-amz-acl" in error.hint


def test_host_and_time_must_be_signed() -> None:
    request = REQUESTS["iam"]()
    for gone, hint in (("host;", "host"), (";x-amz-date", "time")):
        text = request.headers["authorization"].replace(gone, "")
        assert (
            hint
            in refusal(replace(request, headers={**request.headers, "authorization": text})).hint
        )


def test_a_streamed_body_of_s3_is_left_to_the_caller() -> None:
    check(replace(REQUESTS["s3"](), body=b""))


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("ec2", "AuthFailure", 401),
        ("iam", "InvalidClientTokenId", 403),
        ("s3", "InvalidAccessKeyId", 403),
    ],
)
def test_an_unknown_key_is_refused_in_the_services_words(
    service: str, code: str, status: int
) -> None:
    error = unknown_key(service)
    assert (error.code, error.status) == (code, status)
