# SPDX-License-Identifier: Apache-2.0
"""The settings of our own buckets: answered from their records, without asking rclone.

Each handler takes what is asked and returns the members of its operation's answer.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ (one page per operation); aws-behaviour.md
10: ownership controls, policy and ACL are what an instance export demands of its bucket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vmferry.api.protocol import models
from vmferry.api.protocol.http import Response
from vmferry.api.protocol.serialise import serialise
from vmferry.api.s3 import acl, policy
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vmferry.catalog.buckets import Buckets
    from vmferry.model.bucket import Bucket

ENFORCED: Final = "BucketOwnerEnforced"
OWNERSHIPS: Final = (ENFORCED, "BucketOwnerPreferred", "ObjectWriter")
_ALGORITHMS: Final = ("AES256", "aws:kms", "aws:kms:dsse")
_DEFAULT_ENCRYPTION: Final = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": False,
        }
    ]
}

Answer = dict[str, Any] | Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A request about one bucket's settings.

    Attributes:
        bucket: Its record.
        owner: The canonical id of its owner.
        params: Parsed by the model.
        headers: The request's.
        buckets: The records.
    """

    bucket: Bucket
    owner: str
    params: dict[str, Any]
    headers: Mapping[str, str]
    buckets: Buckets

    def save(self, **documents: str) -> Answer:
        """Replace documents of the bucket's record."""
        self.buckets.update(self.bucket.name, **documents)
        return {}


def _get_ownership(ask: Setting) -> Answer:
    if not ask.bucket.ownership:
        raise ApiError(
            "OwnershipControlsNotFoundError",
            "The bucket ownership controls were not found",
            status=404,
        )
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": ask.bucket.ownership}]}}


def _put_ownership(ask: Setting) -> Answer:
    rules = ask.params.get("OwnershipControls", {}).get("Rules", [])
    if len(rules) != 1 or rules[0].get("ObjectOwnership") not in OWNERSHIPS:
        raise _malformed_xml()
    ownership = rules[0]["ObjectOwnership"]
    if ownership == ENFORCED and ask.bucket.acl:
        raise ApiError(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        )
    return ask.save(ownership=ownership)


def _get_policy(ask: Setting) -> Answer:
    return {"Policy": _policy_of(ask)}


def _get_policy_status(ask: Setting) -> Answer:
    return {"PolicyStatus": {"IsPublic": policy.public(_policy_of(ask))}}


def _policy_of(ask: Setting) -> str:
    if not ask.bucket.policy:
        raise ApiError("NoSuchBucketPolicy", "The bucket policy does not exist", status=404)
    return ask.bucket.policy


def _put_policy(ask: Setting) -> Answer:
    text = str(ask.params.get("Policy", ""))
    policy.check(text, ask.bucket.name)
    return ask.save(policy=text)


def _get_acl(ask: Setting) -> Answer:
    if ask.bucket.acl:
        return Response(200, {"content-type": "application/xml"}, ask.bucket.acl.encode())
    return acl.default(ask.owner)


def _put_acl(ask: Setting) -> Answer:
    if ask.bucket.ownership == ENFORCED:
        raise no_acl()
    asked = acl.from_request(ask.headers, ask.params.get("AccessControlPolicy"), ask.owner)
    if asked == acl.default(ask.owner):
        return ask.save(acl="")
    document = serialise(models.operation("s3", "GetBucketAcl"), asked, "")
    return ask.save(acl=document.body.decode())


def no_acl() -> ApiError:
    """Return the refusal of an ACL where BucketOwnerEnforced switches them off."""
    return ApiError("AccessControlListNotSupported", "The bucket does not allow ACLs")


def _get_object_acl(ask: Setting) -> Answer:
    return acl.default(ask.owner)


def _get_encryption(ask: Setting) -> Answer:
    if ask.bucket.encryption:
        return Response(200, {"content-type": "application/xml"}, ask.bucket.encryption.encode())
    return {"ServerSideEncryptionConfiguration": _DEFAULT_ENCRYPTION}


def _put_encryption(ask: Setting) -> Answer:
    member = "ServerSideEncryptionConfiguration"
    rules = ask.params.get(member, {}).get("Rules", [])
    wanted = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules]
    if len(rules) != 1 or wanted[0].get("SSEAlgorithm") not in _ALGORITHMS:
        raise _malformed_xml()
    if "KMSMasterKeyID" in wanted[0] and wanted[0]["SSEAlgorithm"] == "AES256":
        raise ApiError(
            "InvalidArgument",
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or "
            "aws:kms:dsse",
        )
    kept = {"Rules": [{"BucketKeyEnabled": False, **rules[0]}]}
    document = serialise(models.operation("s3", "GetBucketEncryption"), {member: kept}, "")
    return ask.save(encryption=document.body.decode())


def _malformed_xml() -> ApiError:
    return ApiError(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )


SETTINGS: Final[dict[str, Callable[[Setting], Answer]]] = {
    "DeleteBucketEncryption": lambda ask: ask.save(encryption=""),
    "DeleteBucketOwnershipControls": lambda ask: ask.save(ownership=""),
    "DeleteBucketPolicy": lambda ask: ask.save(policy=""),
    "GetBucketAcl": _get_acl,
    "GetBucketEncryption": _get_encryption,
    "GetBucketLocation": lambda ask: {"LocationConstraint": ask.bucket.region},
    "GetBucketOwnershipControls": _get_ownership,
    "GetBucketPolicy": _get_policy,
    "GetBucketPolicyStatus": _get_policy_status,
    "GetObjectAcl": _get_object_acl,
    "HeadBucket": lambda ask: {"BucketRegion": ask.bucket.region},
    "PutBucketAcl": _put_acl,
    "PutBucketEncryption": _put_encryption,
    "PutBucketOwnershipControls": _put_ownership,
    "PutBucketPolicy": _put_policy,
}
"""Operation: its handler."""
