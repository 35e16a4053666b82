# SPDX-License-Identifier: Apache-2.0
"""Ask IAM's actions over the wire: botocore writes the request and reads the answer."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from vmferry import plugins
from vmferry.api.actions import Action, Call, iam
from vmferry.api.protocol.http import Request
from vmferry.api.protocol.models import operation
from vmferry.api.protocol.parse import parse
from vmferry.api.protocol.serialise import serialise
from vmferry.database import connect
from vmferry.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vmferry.api.services import Services

    Ask = Callable[..., dict[str, Any]]

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "vmie.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
)
POLICY = json.dumps({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})


@pytest.fixture
def identity(tmp_path: Path) -> Iterator[Identity]:
    engine = connect(f"sqlite:///{tmp_path}/records.db")
    yield Identity(engine)
    engine.dispose()


@pytest.fixture
def ask(identity: Identity) -> Ask:
    """Return a function that takes an action's name and parameters and gives its answer."""
    actions = {action.name: action for action in plugins.find(iam, "ACTION", Action).values()}
    caller = identity.first_start().principal
    services = cast("Services", SimpleNamespace(identity=identity))

    def ask(name: str, **params: object) -> dict[str, Any]:
        model = operation("iam", name)
        sent = create_serializer("query").serialize_to_request(params, model)
        body = "&".join(f"{key}={_encoded(value)}" for key, value in sent["body"].items())
        request = Request("POST", "/", "", {}, body.encode())
        call = Call(
            params=parse(model, request),
            caller=caller,
            region="us-east-1",
            request_id="r-1",
            services=services,
        )
        answer = serialise(model, actions[name].handle(call), "r-1")
        raw = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
        parsed: dict[str, Any] = create_parser("query").parse(raw, model.output_shape)
        assert parsed.pop("ResponseMetadata")["RequestId"] == "r-1"
        return parsed

    return ask


@pytest.fixture
def role(ask: Ask) -> str:
    """Make the role ``vmimport`` and return its name."""
    ask("CreateRole", RoleName="vmimport", AssumeRolePolicyDocument=TRUST)
    return "vmimport"


def _encoded(value: object) -> str:
    return quote(str(value), safe="")
