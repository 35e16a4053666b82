# SPDX-License-Identifier: Apache-2.0
"""The one endpoint, seen by raw requests: who signs, which service, which version, which envelope.

Source: aws-behaviour.md 1.1, 1.3, 2.1.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Final

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from vmferry.api.app import MAX_BODY, find_service

if TYPE_CHECKING:
    from tests.fixtures.service import RunningService

FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"
REGIONS: Final = "Action=DescribeRegions&Version=2016-11-15"


class Answer:
    """An HTTP answer, whatever its status."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.text = status, headers, body.decode()

    @property
    def code(self) -> str:
        """The error's code."""
        found = re.search("<Code>(.*)</Code>", self.text)
        return found[1] if found else ""


def _send(request: AWSRequest) -> Answer:
    prepared = request.prepare()
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    raw = urllib.request.Request(  # noqa: S310
        prepared.url, data=body, headers=dict(prepared.headers), method=prepared.method
    )
    try:
        with urllib.request.urlopen(raw, timeout=30) as done:  # noqa: S310
            return Answer(done.status, {k.lower(): v for k, v in done.headers.items()}, done.read())
    except urllib.error.HTTPError as error:
        headers = {k.lower(): v for k, v in error.headers.items()}
        with error:
            return Answer(error.code, headers, error.read())


def _keys(service: RunningService) -> Credentials:
    keys = service.client("sts")._request_signer._credentials
    return Credentials(keys.access_key, keys.secret_key)


def _ask(
    service: RunningService,
    form: str,
    *,
    name: str = "ec2",
    keys: Credentials | None = None,
) -> Answer:
    request = AWSRequest("POST", f"{service.url}/", data=form, headers={"Content-Type": FORM})
    sign = S3SigV4Auth if name == "s3" else SigV4Auth
    sign(keys or _keys(service), name, "us-east-1").add_auth(request)
    return _send(request)


def test_an_answer_has_its_request_id_twice(service: RunningService) -> None:
    answer = _ask(service, REGIONS)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/xml;charset=UTF-8"
    assert f"<requestId>{answer.headers['x-amzn-requestid']}</requestId>" in answer.text


def test_get_with_everything_in_the_query(service: RunningService) -> None:
    signed = AWSRequest("GET", f"{service.url}/?{REGIONS}")
    SigV4Auth(_keys(service), "ec2", "us-east-1").add_auth(signed)
    assert _send(signed).status == 200
    presigned = AWSRequest("GET", f"{service.url}/?{REGIONS}")
    SigV4QueryAuth(_keys(service), "ec2", "us-east-1", expires=60).add_auth(presigned)
    assert _send(presigned).status == 200


@pytest.mark.parametrize("version", ["2016-11-15", "2015-10-01", "2014-09-01", "2006-10-01", ""])
def test_older_versions_are_served(service: RunningService, version: str) -> None:
    assert _ask(service, f"Action=DescribeRegions&Version={version}").status == 200


@pytest.mark.parametrize("version", ["2099-01-01", "1", "latest", "2016-11-15x"])
def test_an_unknown_version_is_refused(service: RunningService, version: str) -> None:
    answer = _ask(service, f"Action=DescribeRegions&Version={version}")
    assert (answer.status, answer.code) == (400, "NoSuchVersion")
    assert f"The requested version ({version}) of service ec2 does not exist" in answer.text


@pytest.mark.parametrize(
    ("form", "code", "text"),
    [
        ("Action=Fly", "InvalidAction", "The action Fly is not valid for this web service."),
        ("Action=CreateVpc", "InvalidAction", "The action CreateVpc is not valid"),
        ("Version=2016-11-15", "MissingAction", "must contain the parameter Action"),
        ("", "MissingAction", "must contain the parameter Action"),
        (f"{REGIONS}&Colour=red", "UnknownParameter", "Colour"),
        (f"{REGIONS}&AllRegions=maybe", "InvalidParameterValue", "maybe"),
        ("Action=DeleteSnapshot", "MissingParameter", "SnapshotId"),
        ("Action=%ff", "MalformedQueryString", "syntax error"),
    ],
)
def test_what_cannot_be_done_has_the_envelope_of_ec2(
    service: RunningService, form: str, code: str, text: str
) -> None:
    answer = _ask(service, form)
    assert (answer.status, answer.code) == (400, code)
    assert text in answer.text
    assert re.fullmatch(
        r'<\?xml version="1.0" encoding="UTF-8"\?>\n<Response><Errors><Error><Code>\w+</Code>'
        r"<Message>[^<]*</Message></Error></Errors><RequestID>[0-9a-f-]{36}</RequestID></Response>",
        answer.text,
    )


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("ec2", 401, "AuthFailure"),
        ("iam", 403, "SignatureDoesNotMatch"),
        ("sts", 403, "SignatureDoesNotMatch"),
        ("s3", 403, "SignatureDoesNotMatch"),
    ],
)
def test_a_wrong_secret_is_refused_in_the_words_of_the_service(
    service: RunningService, name: str, status: int, code: str
) -> None:
    keys = Credentials(_keys(service).access_key, "wrong")
    form = "Action=GetCallerIdentity&Version=2011-06-15"
    answer = _ask(service, form, name=name, keys=keys)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("ec2", 401, "AuthFailure"),
        ("iam", 403, "InvalidClientTokenId"),
        ("sts", 403, "InvalidClientTokenId"),
        ("s3", 403, "InvalidAccessKeyId"),
    ],
)
def test_an_unknown_key_is_refused_in_the_words_of_the_service(
    service: RunningService, name: str, status: int, code: str
) -> None:
    answer = _ask(service, REGIONS, name=name, keys=Credentials("AKIANOBODY", "x"))
    assert (answer.status, answer.code) == (status, code)
    if name in ("iam", "sts"):
        assert "<ErrorResponse xmlns=" in answer.text
        assert "<Type>Sender</Type>" in answer.text


def test_a_request_without_a_signature_is_refused(service: RunningService) -> None:
    request = AWSRequest("POST", f"{service.url}/", data=REGIONS, headers={"Content-Type": FORM})
    answer = _send(request)
    assert (answer.status, answer.code) == (403, "MissingAuthenticationToken")
    request = AWSRequest("GET", f"{service.url}/?{REGIONS}")
    assert _send(request).code == "MissingAuthenticationToken"


def test_a_changed_body_is_refused(service: RunningService) -> None:
    request = AWSRequest("POST", f"{service.url}/", data=REGIONS, headers={"Content-Type": FORM})
    SigV4Auth(_keys(service), "ec2", "us-east-1").add_auth(request)
    request.data = "Action=DescribeImages&Version=2016-11-15"
    assert _send(request).code == "AuthFailure"


def test_a_service_that_is_not_ours_is_told_so(service: RunningService) -> None:
    answer = _ask(service, "Action=ListTables", name="dynamodb")
    assert (answer.status, answer.code) == (400, "InvalidAction")
    assert "The service dynamodb is not provided here" in answer.text


def test_a_body_that_is_too_large_is_refused(service: RunningService) -> None:
    answer = _ask(service, REGIONS + "&X=" + "x" * MAX_BODY)
    assert (answer.status, answer.code) == (413, "RequestEntityTooLarge")
    assert _ask(service, REGIONS).status == 200


def test_the_audit_names_caller_action_and_outcome(service: RunningService) -> None:
    answer = _ask(service, "Action=DescribeImages&ImageId.1=ami-0&Version=2016-11-15")
    request = answer.headers["x-amzn-requestid"]
    line = next(line for line in service.log().splitlines() if request in line)
    for part in ("action=DescribeImages", ":root", "code=InvalidAMIID.Malformed", "status=400"):
        assert part in line
    secrets = json.dumps([_keys(service).secret_key])
    assert secrets.strip('[]"') not in service.log()


@pytest.mark.parametrize(
    ("method", "query", "headers", "expected"),
    [
        ("POST", "", {"authorization": "X Credential=A/d/r/iam/aws4_request, S=x"}, "iam"),
        ("GET", "X-Amz-Credential=A%2Fd%2Fr%2Fs3%2Faws4_request", {}, "s3"),
        ("GET", "X-Amz-Credential=A%2Fd%2Fr%2Fec2%2Faws4_request&Action=x", {}, "ec2"),
        ("GET", "Action=DescribeRegions", {}, "ec2"),
        ("POST", "", {"content-type": FORM}, "ec2"),
        ("PUT", "", {"content-type": FORM}, "s3"),
        ("GET", "", {"authorization": "X Credential=nonsense"}, "s3"),
        ("GET", "", {}, "s3"),
    ],
)
def test_the_service_is_found_from_the_scope(
    method: str, query: str, headers: dict[str, str], expected: str
) -> None:
    assert find_service(method, query, headers) == expected
