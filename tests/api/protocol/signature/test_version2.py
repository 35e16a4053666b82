# SPDX-License-Identifier: Apache-2.0
"""Presigned URLs that botocore made are accepted, and refused once a byte of them is another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import HmacV1Auth, HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from vmferry.api.protocol.http import Request
from vmferry.api.protocol.signature import version2
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def presigned(
    target: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    auth_path: str | None = None,
) -> Request:
    """Return a request to a URL that botocore presigned now, as a server sees it."""
    original = AWSRequest(
        method=method, url=f"http://h{target}", headers=dict(headers or {}), auth_path=auth_path
    )
    HmacV1QueryAuth(Credentials(KEY, SECRET), expires=60).add_auth(original)
    path, _, query = original.url.removeprefix("http://h").partition("?")
    return Request(method, path, query, {"host": "h"})


def check(request: Request, *, path: str = "", secret: str = SECRET, minutes: int = 0) -> Request:
    """Read and verify; returns what is asked."""
    found = version2.read(request)
    if found is None or found.access_key != KEY:
        raise ApiError("AccessDenied", "no presigned URL of this key")
    now = datetime.now(UTC) + timedelta(minutes=minutes)
    version2.verify(found, path or request.path, secret, now=now)
    return found.request


def refusal(request: Request, **arguments: Any) -> tuple[str, int, str]:
    """Return code, status and message."""
    with pytest.raises(ApiError) as caught:
        check(request, **arguments)
    return caught.value.code, caught.value.status, caught.value.message


AMZ = {"x-amz-acl": "private", "x-amz-meta-a": " b  c ", "Content-Type": "a/b"}
MD5 = {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
REQUESTS = {
    "get": lambda: presigned("/disks/%C3%A4/a%20b~"),
    "head": lambda: presigned("/disks/key?versionId=x", method="HEAD"),
    "put": lambda: presigned("/disks/key", method="PUT", headers={**AMZ, **MD5}),
    "part": lambda: presigned("/disks/key?uploadId=a.b&partNumber=1", method="PUT"),
    "override": lambda: presigned("/disks/key?response-content-disposition=a%3B%20b%3D%22c%22&acl"),
}


def test_the_parameters_are_those_that_botocore_signs() -> None:
    assert set(HmacV1Auth.QSAOfInterest) == version2.SIGNED
    assert not version2.SIGNED & version2.UNSIGNED


@pytest.mark.oracle
@pytest.mark.parametrize("name", REQUESTS)
def test_botocore_is_accepted_with_its_secret_only(name: str) -> None:
    check(REQUESTS[name]())
    assert refusal(REQUESTS[name](), secret="another")[:2] == ("SignatureDoesNotMatch", 403)


@pytest.mark.oracle
@pytest.mark.parametrize("name", REQUESTS)
def test_every_changed_byte_is_refused(name: str) -> None:
    request = REQUESTS[name]()
    for changed in _changes(request):
        assert refusal(changed)[1] in (400, 403)


def _changes(request: Request) -> Iterator[Request]:
    yield replace(request, method="PATCH")
    yield replace(request, headers={**request.headers, "x-amz-meta-b": "1"})
    yield replace(request, headers={**request.headers, "content-type": "text/html"})
    yield replace(request, headers={**request.headers, "content-md5": "1B2M2Y8AsgTpgAmY7PhCfg="})
    for at, char in enumerate(request.path):
        other = "Y" if char == "Z" else "Z"
        yield replace(request, path=request.path[:at] + other + request.path[at + 1 :])
    for at, char in enumerate(request.query):
        other = "Y" if char == "Z" else "Z"
        yield replace(request, query=request.query[:at] + other + request.query[at + 1 :])


@pytest.mark.oracle
def test_the_bucket_of_the_host_name_is_signed_too() -> None:
    request = presigned("/key", auth_path="/disks/key")
    check(request, path="/disks/key")
    assert refusal(request)[0] == "SignatureDoesNotMatch"


def test_parameters_that_stand_for_headers_become_headers() -> None:
    asked = check(REQUESTS["put"]())
    assert asked.headers == {
        "host": "h", "x-amz-acl": "private", "x-amz-meta-a": "b  c", "content-type": "a/b",
        "content-md5": MD5["Content-MD5"],
    }  # fmt: skip
    assert asked.query == ""
    request = REQUESTS["put"]()
    same = replace(request, headers={**request.headers, "content-type": "a/b"})
    assert check(same).headers == asked.headers


def test_its_own_parameters_are_not_passed_on() -> None:
    asked = check(presigned("/disks?list-type=2&prefix=a%20b&uploads"))
    assert asked.query == "list-type=2&prefix=a%20b&uploads"


def test_a_url_that_has_expired_is_refused() -> None:
    found = refusal(REQUESTS["get"](), minutes=2)
    assert found == ("AccessDenied", 403, "Request has expired")
    check(REQUESTS["get"](), minutes=-600)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("AWSAccessKeyId=a&Signature=b", "Query-string authentication requires"),
        ("Signature=b&Expires=1", "Query-string authentication requires"),
        ("AWSAccessKeyId=a&Expires=1&Signature=", "Query-string authentication requires"),
        ("AWSAccessKeyId=a&Expires=1&Signature=b&Expires=2", "A parameter comes twice"),
        ("AWSAccessKeyId=a&Expires=1&Signature=b&acl&acl", "A parameter comes twice"),
        ("AWSAccessKeyId=a&Expires=1&Signature=b&encryption", "does not cover 'encryption'"),
        ("AWSAccessKeyId=a&Expires=1&Signature=b&x-amz-a%3Ab=1", "does not cover 'x-amz-a:b'"),
        ("AWSAccessKeyId=a&Expires=1&Signature=b&x-amz-a=1%0Ax-amz-b:2", "signature we calculated"),
        ("AWSAccessKeyId=a&Expires=1&Signature=b&x-amz-a=1&X-Amz-A=2", "does not cover 'X-Amz-A'"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(query: str, message: str) -> None:
    with pytest.raises(ApiError, match=message) as caught:
        version2.read(Request("GET", "/disks/key", query, {}))
    assert caught.value.status == 403


@pytest.mark.parametrize("expires", ["x", "-1", "1.5", "9" * 12, "\u0661"])
def test_a_time_that_is_no_number_is_refused(expires: str) -> None:
    request = Request("GET", "/b/k", f"AWSAccessKeyId={KEY}&Signature=b&Expires={expires}", {})
    assert "Invalid date (should be seconds since epoch)" in refusal(request)[2]


def test_a_parameter_hidden_in_another_is_refused() -> None:
    request = REQUESTS["part"]()
    hidden = request.query.replace("uploadId=a.b&partNumber=1", "partNumber=1%26uploadId%3Da.b")
    assert hidden != request.query
    assert refusal(replace(request, query=hidden))[0] == "SignatureDoesNotMatch"


def test_one_way_of_authentication_is_enough() -> None:
    request = REQUESTS["get"]()
    both = replace(request, headers={"authorization": "AWS4-HMAC-SHA256 …"})
    assert refusal(both)[:2] == ("InvalidArgument", 400)


def test_the_header_form_is_not_read() -> None:
    assert version2.read(Request("GET", "/b/k", "", {"authorization": f"AWS {KEY}:x"})) is None
    assert version2.read(Request("GET", "/b/k", "Expires=1&Action=x", {})) is None


@given(query=st.text(max_size=60), path=st.text(max_size=20))
def test_any_query_is_read_or_refused(query: str, path: str) -> None:
    request = Request("GET", "/", f"AWSAccessKeyId=a&{query}&Expires=9999999999&Signature=b", {})
    with pytest.raises(ApiError):
        check(request, path=path)
