# SPDX-License-Identifier: Apache-2.0
"""One authenticated request to the gateway, as its handlers see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from vmferry.api.protocol.http import Request
    from vmferry.api.protocol.signature import Credential
    from vmferry.api.s3.payload import Receive
    from vmferry.api.s3.routing import Target
    from vmferry.model.identity import AccessKey, Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked, by whom.

    Attributes:
        request: Path and query as they came; the body is still in ``receive``.
        target: Bucket and key.
        model: The operation.
        key: Who signed; chunk signatures need the secret.
        credential: What the signature says of itself; proven. ``None`` for a presigned URL of
            version 2, which has neither a region nor chunks.
        request_id: What the answer carries.
        receive: ASGI's.
    """

    request: Request
    target: Target
    model: OperationModel
    key: AccessKey
    credential: Credential | None
    request_id: str
    receive: Receive

    @property
    def caller(self) -> Principal:
        """Who signed the request."""
        return self.key.principal
