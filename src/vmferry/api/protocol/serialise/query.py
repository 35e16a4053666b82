# SPDX-License-Identifier: Apache-2.0
"""Answers of EC2 (``{Action}Response``) and of IAM and STS (``{Action}Result`` inside it).

Source: aws-behaviour.md 1.2; Smithy, awsQuery and ec2Query protocols.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vmferry.api.protocol.http import Response
from vmferry.api.protocol.serialise import xml

if TYPE_CHECKING:
    from botocore.model import OperationModel

CONTENT_TYPE: Final = "text/xml;charset=UTF-8"


def ec2(model: OperationModel, result: dict[str, Any], request_id: str) -> Response:
    """Return EC2's answer; an action without output answers ``<return>true</return>``."""
    shape = model.output_shape
    body = xml.element("requestId", xml.escape(request_id))
    body += xml.members(shape, result) if shape else "<return>true</return>"
    return _answer(model, body)


def query(model: OperationModel, result: dict[str, Any], request_id: str) -> Response:
    """Return the answer of IAM or STS."""
    shape = model.output_shape
    body = ""
    if shape:
        wrapper = str(shape.serialization.get("resultWrapper", f"{model.name}Result"))
        body = xml.element(wrapper, xml.members(shape, result))
    identifier = xml.element("RequestId", xml.escape(request_id))
    return _answer(model, body + xml.element("ResponseMetadata", identifier))


def _answer(model: OperationModel, body: str) -> Response:
    space = model.service_model.metadata.get("xmlNamespace", "").rstrip("/")
    root = xml.element(
        f"{model.name}Response", body, attributes=f' xmlns="{space}/"' if space else ""
    )
    return Response(200, {"content-type": CONTENT_TYPE}, (xml.DECLARATION + root).encode())
