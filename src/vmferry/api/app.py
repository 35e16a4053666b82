# SPDX-License-Identifier: Apache-2.0
"""The one endpoint: authenticate, parse, act, serialise, audit.

The service is found from the credential scope of the signature, as AWS's own hosts would tell it;
what is S3 goes to the gateway, which streams. Actions run in threads, never on the event loop.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import structlog

from vmferry import plugins
from vmferry.api.actions import Action, Call, ec2, iam, sts
from vmferry.api.protocol import models
from vmferry.api.protocol.errors import error_response
from vmferry.api.protocol.http import Request, Response
from vmferry.api.protocol.parse import parse
from vmferry.api.protocol.parse.query import fields
from vmferry.api.protocol.serialise import serialise
from vmferry.api.protocol.signature import identify, unknown_key, verify
from vmferry.errors import ApiError, ServiceError, VmferryError
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from botocore.model import OperationModel

    from vmferry.api.s3.gateway import Gateway
    from vmferry.api.services import Services

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY: Final = 2 * MIB
"""The longest legal request is far shorter: a policy document has at most 128 KiB."""

VERSION: Final = re.compile(r"20\d\d-\d\d-\d\d")

PACKAGES: Final = {"ec2": ec2, "iam": iam, "sts": sts}

log = structlog.get_logger("vmferry.api")


class App:
    """The ASGI application.

    Args:
        services: What actions use.
        gateway: Answers everything that is S3.
    """

    def __init__(self, services: Services, gateway: Gateway) -> None:
        self._services, self._gateway = services, gateway
        self._actions: dict[str, dict[str, Action]] = {
            name: {
                action.name: action for action in plugins.find(package, "ACTION", Action).values()
            }
            for name, package in PACKAGES.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = _headers(scope)
        service = find_service(scope["method"], scope["query_string"].decode("latin-1"), headers)
        if service == "s3":
            await self._gateway.handle(scope, receive, send)
            return
        response = await self._answer(service, scope, headers, receive)
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": [(k.encode(), v.encode("latin-1")) for k, v in response.headers.items()],
            }
        )
        await send({"type": "http.response.body", "body": response.body})

    async def _answer(
        self, service: str, scope: Scope, headers: dict[str, str], receive: Receive
    ) -> Response:
        request_id = str(uuid.uuid4())
        try:
            body = await _body(receive)
            request = Request(
                scope["method"],
                scope["raw_path"].decode("latin-1"),
                scope["query_string"].decode("latin-1"),
                headers,
                body,
            )
            response = await asyncio.to_thread(self._act, service, request, request_id)
        except VmferryError as error:
            response = error_response(service, error, request_id)
        except Exception:
            log.exception("request failed by a defect of vmferry", request=request_id)
            failure = ServiceError("An internal error has occurred")
            response = error_response(service, failure, request_id)
        response.headers["x-amzn-requestid"] = request_id
        response.headers["content-length"] = str(len(response.body))
        return response

    def _act(self, service: str, request: Request, request_id: str) -> Response:
        began = time.monotonic()
        audit = log.bind(request=request_id, service=service)
        try:
            credential = identify(request)
            key = self._services.identity.access_key(credential.access_key)
            if key is None:
                raise unknown_key(service)
            verify(request, credential, key.secret, now=datetime.now(UTC))
            form = fields(request)
            action = form.get("Action", "")
            audit = audit.bind(action=action, caller=key.principal.arn, region=credential.region)
            model = _operation(service, action, form.get("Version", ""))
            known = self._actions[service].get(action)
            if known is None:
                raise ApiError(
                    "InvalidAction", f"The action {action} is not valid for this web service."
                )
            call = Call(
                params=parse(model, request),
                caller=key.principal,
                region=credential.region,
                request_id=request_id,
                services=self._services,
            )
            response = serialise(model, known.handle(call), request_id)
        except VmferryError as error:
            response = error_response(service, error, request_id)
            audit = audit.bind(code=error.code, message=error.message)
        milliseconds = round((time.monotonic() - began) * 1000, 1)
        audit.info("call", status=response.status, ms=milliseconds)
        return response


def find_service(method: str, query: str, headers: dict[str, str]) -> str:
    """Return the service that a request is for, from its credential scope.

    A request without one is for EC2 if it names an action, else for S3.
    """
    authorization = headers.get("authorization", "")
    scope = authorization.partition("Credential=")[2].partition(",")[0]
    fields = parse_qs(query) if not scope and query else {}
    scope = scope or fields.get("X-Amz-Credential", [""])[0]
    parts = scope.split("/")
    if len(parts) == 5:
        return parts[3].strip()
    form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return "ec2" if "Action" in fields or (method == "POST" and form) else "s3"


def _headers(scope: Scope) -> dict[str, str]:
    out: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        out[name] = f"{out[name]},{value}" if name in out else value
    return out


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise ApiError(
                "RequestEntityTooLarge", f"The request has more than {MAX_BODY} bytes", status=413
            )
        if not message.get("more_body"):
            return bytes(body)


def _operation(service: str, action: str, version: str) -> OperationModel:
    """Return the model of what is asked for; old versions are served as the model's."""
    if not action:
        raise ApiError("MissingAction", "The request must contain the parameter Action")
    model = models.operation(service, action)
    newest = model.service_model.api_version
    if version and not (VERSION.fullmatch(version) and version <= newest):
        raise ApiError(
            "NoSuchVersion",
            f"The requested version ({version[:32]}) of service {service} does not exist",
            hint=f"The newest is {newest}",
        )
    return model
