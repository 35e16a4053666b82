# SPDX-License-Identifier: Apache-2.0
"""Refusals on the wire: each protocol has an envelope of its own, and clients read only theirs.

Source: aws-behaviour.md 1.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.api.protocol.http import Response
from vmferry.api.protocol.serialise import xml
from vmferry.api.protocol.serialise.query import CONTENT_TYPE

if TYPE_CHECKING:
    from vmferry.errors import VmferryError

NAMESPACES: Final = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}


def error_response(
    service: str, error: VmferryError, request_id: str, *, resource: str = ""
) -> Response:
    """Return ``error`` in the envelope of ``service``; an unknown service gets EC2's.

    Args:
        service: As the credential scope names it.
        error: Its code, status and message; the hint follows the message, so that clients that
            match AWS's text at the beginning still do.
        request_id: What the answer carries.
        resource: S3 names the path that was asked for.
    """
    if service == "s3":
        return _s3(error, request_id, resource)
    if service in NAMESPACES:
        return _query(service, error, request_id)
    body = xml.element("Errors", xml.element("Error", _cause(error)))
    body += _text("RequestID", request_id)
    return _answer(error, xml.element("Response", body), CONTENT_TYPE)


def message(error: VmferryError) -> str:
    """Return the message and the hint as one text."""
    if not error.hint:
        return error.message
    return f"{error.message.removesuffix('.')}. {error.hint}"


def _query(service: str, error: VmferryError, request_id: str) -> Response:
    kind = _text("Type", "Sender" if error.status < 500 else "Receiver")
    body = xml.element("Error", kind + _cause(error)) + _text("RequestId", request_id)
    root = xml.element("ErrorResponse", body, attributes=f' xmlns="{NAMESPACES[service]}"')
    return _answer(error, root, CONTENT_TYPE)


def _s3(error: VmferryError, request_id: str, resource: str) -> Response:
    body = _cause(error) + _text("Resource", resource) + _text("RequestId", request_id)
    answer = _answer(error, xml.element("Error", body), "application/xml")
    answer.headers["x-amz-request-id"] = request_id
    return answer


def _cause(error: VmferryError) -> str:
    return _text("Code", error.code) + _text("Message", message(error))


def _text(name: str, content: str) -> str:
    return xml.element(name, xml.escape(content))


def _answer(error: VmferryError, root: str, content_type: str) -> Response:
    body = (xml.DECLARATION + root).encode()
    return Response(error.status, {"content-type": content_type}, body)
