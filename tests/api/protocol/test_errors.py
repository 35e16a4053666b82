# SPDX-License-Identifier: Apache-2.0
"""Refusals as botocore's parsers read them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser
from lxml import etree

from vmferry.api.protocol.errors import error_response, message
from vmferry.errors import ApiError, IntegrityError, StorageFullError, VmferryError

PROTOCOLS = {"ec2": "ec2", "iam": "query", "sts": "query", "s3": "rest-xml"}


def read(service: str, error: VmferryError) -> dict[str, Any]:
    """Return botocore's reading of a refusal."""
    answer = error_response(service, error, "r-1", resource="/b/k")
    raw = {
        "status_code": answer.status,
        "headers": HeadersDict(answer.headers),
        "body": answer.body,
    }
    parsed: dict[str, Any] = create_parser(PROTOCOLS[service]).parse(raw, None)
    assert parsed["ResponseMetadata"]["RequestId"] == "r-1"
    assert parsed["ResponseMetadata"]["HTTPStatusCode"] == error.status
    return parsed["Error"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("service", PROTOCOLS)
def test_code_and_text_arrive(service: str) -> None:
    error = read(service, ApiError("NoSuchEntity", "The <role> & more.", status=404))
    assert (error["Code"], error["Message"]) == ("NoSuchEntity", "The <role> & more.")


@pytest.mark.parametrize("service", PROTOCOLS)
def test_the_hint_follows_the_text(service: str) -> None:
    refused = ApiError("InvalidParameter", "Refused.", hint="Because of x")
    assert read(service, refused)["Message"] == "Refused. Because of x"


def test_any_error_has_an_answer() -> None:
    assert read("ec2", StorageFullError("no space is left"))["Code"] == "InsufficientCapacity"
    assert read("iam", IntegrityError("bytes changed"))["Type"] == "Receiver"
    assert read("iam", ApiError("A", "b"))["Type"] == "Sender"


def test_s3_names_the_resource() -> None:
    assert read("s3", ApiError("NoSuchKey", "x", status=404))["Resource"] == "/b/k"


def test_an_unknown_service_gets_ec2s_envelope() -> None:
    answer = error_response("kms", ApiError("InvalidAction", "x"), "r-1")
    root = etree.fromstring(answer.body)
    assert [child.tag for child in root] == ["Errors", "RequestID"]


def test_forbidden_characters_do_not_break_the_answer() -> None:
    answer = error_response("ec2", ApiError("A", "a\x00\x1b\ud800\ufffeb"), "r-1")
    assert etree.fromstring(answer.body).findtext(".//Message") == "ab"


def test_a_message_without_a_hint_stays() -> None:
    assert message(ApiError("A", "Ends with a dot.")) == "Ends with a dot."
