# SPDX-License-Identifier: Apache-2.0
"""The same refusal in three services' words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.api.protocol.signature import refusals

if TYPE_CHECKING:
    from vmferry.errors import ApiError


def said(error: ApiError) -> tuple[str, int]:
    """Return code and status."""
    return error.code, error.status


def test_codes_of_s3() -> None:
    assert said(refusals.mismatch("s3")) == ("SignatureDoesNotMatch", 403)
    assert said(refusals.skewed("s3", "")) == ("RequestTimeTooSkewed", 403)
    assert said(refusals.expired("s3", "Request has expired")) == ("AccessDenied", 403)
    assert said(refusals.malformed("s3", "", presigned=True)) == (
        "AuthorizationQueryParametersError",
        400,
    )


def test_codes_of_ec2_and_iam() -> None:
    assert said(refusals.mismatch("ec2")) == ("AuthFailure", 401)
    assert said(refusals.mismatch("iam")) == ("SignatureDoesNotMatch", 403)
    for service in ("ec2", "iam", "sts"):
        assert said(refusals.skewed(service, "")) == ("RequestExpired", 400)
        assert said(refusals.expired(service, "Request has expired")) == ("RequestExpired", 400)
        assert said(refusals.malformed(service, "", presigned=True)) == ("IncompleteSignature", 400)
    assert said(refusals.missing()) == ("MissingAuthenticationToken", 403)
    assert said(refusals.unknown_key("sts")) == ("InvalidClientTokenId", 403)
