# SPDX-License-Identifier: Apache-2.0
"""AWS Signature Version 4: who signed a request, whether the signature holds, and making one.

``identify`` reads who claims to have signed, so that the caller can look the key up; ``verify``
then proves it. Every refusal is the one that the service named in the scope answers: clients tell a
skewed clock from a wrong secret by it. ``version2`` has the older presigned URLs of S3.

Source: AWS General Reference, Signature Version 4; S3 API reference, Authenticating Requests;
aws-behaviour.md 1.1 and 2.1.
"""

from __future__ import annotations

from vmferry.api.protocol.signature.credential import Credential, identify
from vmferry.api.protocol.signature.payload import PayloadCheck
from vmferry.api.protocol.signature.refusals import unknown_key
from vmferry.api.protocol.signature.sign import sign
from vmferry.api.protocol.signature.verify import verify

__all__ = ["Credential", "PayloadCheck", "identify", "sign", "unknown_key", "verify"]
