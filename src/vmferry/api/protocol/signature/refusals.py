# SPDX-License-Identifier: Apache-2.0
"""The same refusals in the words of EC2, of IAM and STS, and of S3.

Source: aws-behaviour.md 2.1; EC2 and IAM common errors; S3 error responses.
"""

from __future__ import annotations

from typing import Final

from vmferry.errors import ApiError

AUTH_FAILURE: Final = "AWS was not able to validate the provided access credentials"
MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method."
)


def unknown_key(service: str) -> ApiError:
    """Return the refusal of an access key that does not exist."""
    if service == "s3":
        text = "The AWS Access Key Id you provided does not exist in our records."
        return ApiError("InvalidAccessKeyId", text, status=403)
    if service == "ec2":
        return ApiError("AuthFailure", AUTH_FAILURE, status=401)
    text = "The security token included in the request is invalid."
    return ApiError("InvalidClientTokenId", text, status=403)


def missing() -> ApiError:
    """Return the refusal of a request without a signature; no service is known yet."""
    text = "Request is missing Authentication Token"
    return ApiError("MissingAuthenticationToken", text, status=403)


def malformed(service: str, cause: str, *, presigned: bool) -> ApiError:
    """Return the refusal of a credential that cannot be read."""
    if service != "s3":
        return ApiError("IncompleteSignature", cause)
    if presigned:
        return ApiError("AuthorizationQueryParametersError", cause)
    return ApiError("AuthorizationHeaderMalformed", cause)


def mismatch(service: str, cause: str = "") -> ApiError:
    """Return the refusal of a signature that does not hold."""
    if service == "ec2":
        return ApiError("AuthFailure", AUTH_FAILURE, status=401, hint=cause)
    return ApiError("SignatureDoesNotMatch", MISMATCH, status=403, hint=cause)


def skewed(service: str, cause: str) -> ApiError:
    """Return the refusal of a request whose clock is more than 15 minutes off."""
    if service == "s3":
        text = "The difference between the request time and the current time is too large."
        return ApiError("RequestTimeTooSkewed", text, status=403, hint=cause)
    return ApiError("RequestExpired", "Request has expired.", hint=cause)


def expired(service: str, text: str) -> ApiError:
    """Return the refusal of a presigned URL outside its time."""
    if service == "s3":
        return ApiError("AccessDenied", text, status=403)
    return ApiError("RequestExpired", f"{text}.")
