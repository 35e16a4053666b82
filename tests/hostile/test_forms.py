# SPDX-License-Identifier: Apache-2.0
"""Signed nonsense to every EC2 action: each answer is in the envelope, none is a defect of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vmferry import plugins
from vmferry.api.actions import Action, ec2
from vmferry.api.protocol.models import operation

if TYPE_CHECKING:
    from tests.fixtures.service import RunningService

ACTIONS: Final = sorted(action.name for action in plugins.find(ec2, "ACTION", Action).values())
IDS: Final = ("ami-0", "snap-00000000000000000", "import-ami-ffmjni7l", "export-ami-x", "")
VALUES: Final = st.one_of(
    st.sampled_from(
        [*IDS, "true", "false", "0", "-1", "99999999999999999999", "1e999", "NaN", "s3://", "s3://a/",
         "s3://bucket-in/..", "file:///etc/passwd", "aws:x", "*", "[", "\\", "\0", "9999-99-99"]
    ),
    st.text(max_size=40),
)  # fmt: skip


@st.composite
def forms(draw: st.DrawFn) -> dict[str, str]:
    """A form for an action whose names are mostly right and whose values mostly are not."""
    action = draw(st.sampled_from(ACTIONS))
    form = {"Action": action, "Version": "2016-11-15"}
    names = draw(st.lists(st.sampled_from(_names(action)), max_size=8))
    for name in names:
        form[name] = draw(VALUES)
    if draw(st.booleans()):
        form[draw(st.text(max_size=12)) or "x"] = draw(VALUES)
    return form


def _names(action: str) -> list[str]:
    shape = operation("ec2", action).input_shape
    return list(_walk(shape, "", 3)) or ["DryRun"]


def _walk(shape: Any, prefix: str, depth: int) -> set[str]:
    found: set[str] = set()
    for member, kind in shape.members.items():
        own = str(kind.serialization.get("queryName") or kind.serialization.get("name") or member)
        name = f"{prefix}{own[:1].upper()}{own[1:]}"
        if kind.type_name == "list":
            name, kind = f"{name}.1", kind.member
        if kind.type_name != "structure":
            found.add(name)
        elif depth:
            found |= _walk(kind, f"{name}.", depth - 1)
    return found


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=forms())
def test_nonsense_is_refused_or_answered(service: RunningService, form: dict[str, str]) -> None:
    body = urlencode(form, errors="surrogatepass")
    kind = "application/x-www-form-urlencoded; charset=utf-8"
    request = AWSRequest("POST", f"{service.url}/", data=body, headers={"Content-Type": kind})
    keys = service.client("sts")._request_signer._credentials
    SigV4Auth(Credentials(keys.access_key, keys.secret_key), "ec2", "us-east-1").add_auth(request)
    answer = httpx.post(request.url, content=body, headers=dict(request.headers), timeout=30)
    assert answer.status_code in (200, 400, 412), answer.text
    assert answer.headers["x-amzn-requestid"] in answer.text
    assert "<Code>InternalError</Code>" not in answer.text
    assert "Traceback" not in service.log()
