# SPDX-License-Identifier: Apache-2.0
"""Turn the members of an operation's output shape into an answer.

A list given as ``[]`` is an empty set, an absent member is absent. Every answer parses: characters
that XML 1.0 forbids are dropped, because names and tags come from callers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.protocol.serialise import query, rest
from vmferry.errors import ServiceError

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from vmferry.api.protocol.http import Response

__all__ = ["serialise"]


def serialise(
    model: OperationModel, result: dict[str, Any], request_id: str, *, host_id: str = ""
) -> Response:
    """Return the answer of ``model`` for ``result``.

    Args:
        model: The operation.
        result: Members by the model's names; times in UTC, a naive one counts as UTC.
        request_id: What the answer carries.
        host_id: S3's second request id, ``x-amz-id-2``.
    """
    protocol = model.service_model.metadata["protocol"]
    if protocol == "ec2":
        return query.ec2(model, result, request_id)
    if protocol == "query":
        return query.query(model, result, request_id)
    if protocol == "rest-xml":
        return rest.rest_xml(model, result, request_id, host_id)
    raise ServiceError(f"protocol {protocol} of {model.name} is not one that vmferry speaks")
