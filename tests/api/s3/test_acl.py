# SPDX-License-Identifier: Apache-2.0
"""Access control lists."""

from __future__ import annotations

import pytest

from vmferry.api.s3.acl import ALL_USERS, asked, default, from_request
from vmferry.errors import ApiError

OWNER, OTHER = "a" * 64, "b" * 64


def _pairs(headers: dict[str, str]) -> list[tuple[str, str]]:
    grants = from_request(headers, None, OWNER)["Grants"]
    return [(g["Grantee"].get("ID", g["Grantee"].get("URI")), g["Permission"]) for g in grants]


def test_headers_grant() -> None:
    headers = {"x-amz-grant-write": f'id="{OTHER}", uri={ALL_USERS}', "x-amz-grant-read-acp": "id="}
    headers["x-amz-grant-read-acp"] += OTHER
    assert _pairs(headers) == [(OTHER, "WRITE"), (ALL_USERS, "WRITE"), (OTHER, "READ_ACP")]


def test_canned_names_keep_the_owner() -> None:
    assert _pairs({"x-amz-acl": "public-read"}) == [(OWNER, "FULL_CONTROL"), (ALL_USERS, "READ")]
    assert from_request({"x-amz-acl": "private"}, None, OWNER) == default(OWNER)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "MissingSecurityHeader"),
        ({"x-amz-acl": "mine"}, "InvalidArgument"),
        ({"x-amz-grant-read": "x"}, "InvalidArgument"),
        ({"x-amz-grant-read": "id=short"}, "InvalidArgument"),
        ({"x-amz-grant-read": "uri=http://evil"}, "InvalidArgument"),
        ({"x-amz-grant-read": "emailAddress=a@b.c"}, "UnresolvableGrantByEmailAddress"),
        ({"x-amz-acl": "private", "x-amz-grant-read": f"id={OTHER}"}, "InvalidRequest"),
    ],
)
def test_bad_lists_are_refused(headers: dict[str, str], code: str) -> None:
    with pytest.raises(ApiError) as caught:
        from_request(headers, None, OWNER)
    assert caught.value.code == code


def test_a_document_must_be_the_owners() -> None:
    with pytest.raises(ApiError, match="Access Denied"):
        from_request({}, {"Owner": {"ID": OTHER}, "Grants": []}, OWNER)
    with pytest.raises(ApiError, match="not well-formed"):
        from_request({}, {"Grants": [{"Permission": "READ", "Grantee": {}}]}, OWNER)


def test_what_asks_for_a_list() -> None:
    assert asked({"x-amz-acl": "private"})
    assert asked({"x-amz-grant-read": "id=x"})
    assert not asked({"x-amz-date": "x"})
