# SPDX-License-Identifier: Apache-2.0
"""A request as handlers see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.protocol import models
from vmferry.api.protocol.http import Request
from vmferry.api.s3.ask import Ask
from vmferry.api.s3.routing import locate
from vmferry.model.identity import AccessKey, Principal

if TYPE_CHECKING:
    from collections.abc import MutableMapping

PRINCIPAL = Principal(
    account="123456789012", arn="arn:aws:iam::123456789012:root", user_id="x", canonical_id="c" * 64
)


async def _nothing() -> MutableMapping[str, Any]:
    return {"type": "http.request"}


def test_the_caller_is_the_principal_of_the_key() -> None:
    ask = Ask(
        request=Request("GET", "/disks/x", "", {}),
        target=locate("localhost", "/disks/x", ()),
        model=models.operation("s3", "GetObject"),
        key=AccessKey(id="AKID", secret="hidden", principal=PRINCIPAL),
        credential=None,
        request_id="1",
        receive=_nothing,
    )
    assert ask.caller is PRINCIPAL
    assert "hidden" not in repr(ask)
