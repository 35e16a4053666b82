# SPDX-License-Identifier: Apache-2.0
"""Access control lists: read from headers, canned names or XML, and answered as S3 does.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html; aws-behaviour.md
10 (PutBucketAcl of the guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

ALL_USERS: Final = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED: Final = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY: Final = "http://acs.amazonaws.com/groups/s3/LogDelivery"

CANNED: Final = {
    "private": (),
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED, "READ"),),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
}
"""The groups that a canned ACL grants to, beside the owner's FULL_CONTROL."""

PERMISSIONS: Final = ("FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP")

_GRANTEE = re.compile(r'\s*(id|uri|emailAddress)\s*=\s*"?([^",]+)"?\s*')
_CANONICAL = re.compile(r"[0-9a-f]{64}")


def default(owner: str) -> dict[str, Any]:
    """Return the ACL of a new bucket or object: its owner has FULL_CONTROL."""
    return {"Owner": {"ID": owner}, "Grants": [_grant("id", owner, "FULL_CONTROL")]}


def asked(headers: Mapping[str, str]) -> bool:
    """Say whether a request carries an ACL in its headers."""
    return "x-amz-acl" in headers or any(name.startswith("x-amz-grant-") for name in headers)


def from_request(
    headers: Mapping[str, str], document: Mapping[str, Any] | None, owner: str
) -> dict[str, Any]:
    """Return the ACL that a request asks for.

    Args:
        headers: Canned name or grants.
        document: The parsed AccessControlPolicy, if there was a body.
        owner: The bucket owner's canonical id.

    Raises:
        ApiError: ``MalformedACLError``, ``InvalidArgument``, ``InvalidRequest``.
    """
    canned = headers.get("x-amz-acl")
    grants = [grant for name in PERMISSIONS for grant in _header_grants(headers, name)]
    if (canned is not None) + bool(grants) + (document is not None) > 1:
        raise ApiError(
            "InvalidRequest",
            "Specifying both Canned ACLs and Header Grants is not allowed",
        )
    if canned is not None:
        if canned not in CANNED:
            raise ApiError("InvalidArgument", f"The canned ACL {canned[:64]} is not known")
        groups = [_grant("uri", uri, permission) for uri, permission in CANNED[canned]]
        return {"Owner": {"ID": owner}, "Grants": [*default(owner)["Grants"], *groups]}
    if document is not None:
        return _from_document(document, owner)
    if not grants:
        raise ApiError(
            "MissingSecurityHeader",
            "Your request was missing a required header",
            hint="Send x-amz-acl, x-amz-grant-… or an AccessControlPolicy",
        )
    return {"Owner": {"ID": owner}, "Grants": grants}


def _from_document(document: Mapping[str, Any], owner: str) -> dict[str, Any]:
    if document.get("Owner", {}).get("ID", owner) != owner:
        raise ApiError("AccessDenied", "Access Denied", status=403)
    grants = []
    for grant in document.get("Grants", ()):
        grantee, permission = grant.get("Grantee", {}), grant.get("Permission")
        if permission not in PERMISSIONS:
            raise _malformed()
        kind = {"CanonicalUser": "id", "Group": "uri"}.get(grantee.get("Type"))
        name = grantee.get("ID" if kind == "id" else "URI")
        if kind is None or not name:
            raise _malformed()
        grants.append(_grant(kind, name, permission))
    return {"Owner": {"ID": owner}, "Grants": grants}


def _header_grants(headers: Mapping[str, str], permission: str) -> list[dict[str, Any]]:
    text = headers.get(f"x-amz-grant-{permission.lower().replace('_', '-')}", "")
    found = []
    for part in filter(None, text.split(",")):
        match = _GRANTEE.fullmatch(part)
        if match is None:
            raise ApiError("InvalidArgument", "Argument format not recognized")
        found.append(_grant(match[1], match[2].strip(), permission))
    return found


def _grant(kind: str, name: str, permission: str) -> dict[str, Any]:
    if kind == "emailAddress":
        raise ApiError(
            "UnresolvableGrantByEmailAddress",
            "The e-mail address you provided does not match any account on record.",
        )
    if kind == "uri":
        if name not in (ALL_USERS, AUTHENTICATED, LOG_DELIVERY):
            raise ApiError("InvalidArgument", "Invalid group uri")
        return {"Grantee": {"Type": "Group", "URI": name}, "Permission": permission}
    if _CANONICAL.fullmatch(name) is None:
        raise ApiError("InvalidArgument", "Invalid id")
    return {"Grantee": {"Type": "CanonicalUser", "ID": name}, "Permission": permission}


def _malformed() -> ApiError:
    return ApiError(
        "MalformedACLError",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
