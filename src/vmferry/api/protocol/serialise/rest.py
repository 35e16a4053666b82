# SPDX-License-Identifier: Apache-2.0
"""rest-xml answers: members in headers, in the status, and in an XML body or a raw payload.

Source: Smithy, HTTP protocol bindings and restXml; the S3 API reference for the root elements,
which the model does not name.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final

from vmferry.api.protocol.http import Response
from vmferry.api.protocol.serialise import scalars, xml

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape, StructureShape

    from vmferry.api.protocol.serialise.xml import Member

S3_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"

ROOTS: Final = {
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
}
"""The root element of an answer, where it is not ``{Action}Result``."""


def rest_xml(
    model: OperationModel, result: dict[str, Any], request_id: str, host_id: str
) -> Response:
    """Return S3's answer; a blob payload given as bytes is the body."""
    shape = model.output_shape
    status = int(model.http.get("responseCode", 200))
    headers = {"x-amz-request-id": request_id}
    if host_id:
        headers["x-amz-id-2"] = host_id
    if shape is None:
        return Response(status, headers)
    for member, kind in shape.members.items():
        value = result.get(member)
        if value is None:
            continue
        if kind.serialization.get("location") == "statusCode":
            status = int(value)
        else:
            headers.update(_headers(kind, member, value))
    body = _body(model, shape, result)
    if body.startswith(xml.DECLARATION.encode()):
        headers.setdefault("content-type", "application/xml")
    return Response(status, headers, body)


def _headers(shape: Shape, member: str, value: Member) -> dict[str, str]:
    place = shape.serialization.get("location")
    name = str(shape.serialization.get("name", member)).lower()
    if place == "headers":
        return {f"{name}{key}".lower(): _header(str(text)) for key, text in value.items()}
    if place != "header" or value == []:
        return {}
    return {name: _header(_header_text(shape, value))}


def _header_text(shape: Shape, value: Member) -> str:
    if shape.serialization.get("jsonvalue"):
        text = json.dumps(value, separators=(",", ":"))
        return base64.b64encode(text.encode()).decode()
    if shape.type_name == "list":
        texts = [scalars.text(shape.member, entry, time_format="rfc822") for entry in value]
        quote = shape.member.type_name == "string"
        return ", ".join(_quoted(text) if quote else text for text in texts)
    return scalars.text(shape, value, time_format="rfc822")


def _quoted(text: str) -> str:
    if '"' not in text and "," not in text:
        return text
    return '"' + text.replace('"', '\\"') + '"'


def _header(text: str) -> str:
    # A line break would begin another header. Other texts than Latin-1 go as RFC 2047 words, which
    # is what S3 does with metadata.
    text = "".join(c for c in text if c >= " " and c != "\x7f")
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        coded = base64.b64encode(text.encode(errors="replace")).decode()
        return f"=?UTF-8?B?{coded}?="
    return text


def _body(model: OperationModel, shape: StructureShape, result: dict[str, Any]) -> bytes:
    payload = shape.serialization.get("payload")
    if payload is not None:
        return _payload(model, shape.members[payload], payload, result.get(payload))
    if model.name == "GetBucketLocation":
        return _document(model, "LocationConstraint", xml.escape(_location(result)))
    if all("location" in kind.serialization for kind in shape.members.values()):
        return b""
    root = ROOTS.get(model.name, f"{model.name}Result")
    attributes = xml.attributes(shape, result)
    return _document(model, root, xml.members(shape, result), attributes)


def _location(result: dict[str, Any]) -> str:
    # us-east-1 is the empty constraint, and always was.
    place = str(result.get("LocationConstraint") or "")
    return "" if place == "us-east-1" else place


def _payload(model: OperationModel, shape: Shape, member: str, value: Member) -> bytes:
    if value is None:
        return b""
    if shape.type_name in ("string", "blob"):
        return value.encode() if isinstance(value, str) else bytes(value)
    root = str(shape.serialization.get("name", member))
    return _document(model, root, xml.members(shape, value), xml.attributes(shape, value))


def _document(model: OperationModel, root: str, inside: str, attributes: str = "") -> bytes:
    if model.service_model.service_name == "s3" and "xmlns=" not in attributes:
        attributes += f' xmlns="{S3_NAMESPACE}"'
    return (xml.DECLARATION + xml.element(root, inside, attributes=attributes)).encode()
