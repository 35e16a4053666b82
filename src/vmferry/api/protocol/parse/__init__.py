# SPDX-License-Identifier: Apache-2.0
"""Turn a request into the members of an operation's input shape.

Members that were not sent are absent, never ``None``. Times are aware datetimes in UTC, blobs are
bytes. A payload that is a blob is left out: the caller streams it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.protocol.parse.query import EC2, QUERY, parse_query
from vmferry.api.protocol.parse.rest import parse_rest
from vmferry.errors import ServiceError

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from vmferry.api.protocol.http import Request

__all__ = ["parse"]


def parse(model: OperationModel, request: Request) -> dict[str, Any]:
    """Return the parameters of ``request`` by the names of ``model``.

    Raises:
        ApiError: With the protocol's own codes: ``UnknownParameter``, ``MissingParameter`` and
            ``InvalidParameterValue`` for EC2, ``ValidationError`` for IAM and STS, ``MalformedXML``
            and ``InvalidArgument`` for S3.
    """
    protocol = model.service_model.metadata["protocol"]
    if protocol in ("ec2", "query"):
        return parse_query(model, request, EC2 if protocol == "ec2" else QUERY)
    if protocol == "rest-xml":
        return parse_rest(model, request)
    raise ServiceError(f"protocol {protocol} of {model.name} is not one that vmferry speaks")
