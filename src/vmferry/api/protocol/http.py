# SPDX-License-Identifier: Apache-2.0
"""A request and an answer as plain values: what the protocols see of HTTP.

The path and the query stay as they came, because a signature covers their bytes and a router that
decoded them first could no longer tell ``%2F`` from ``/``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    Attributes:
        method: In capitals.
        path: Raw, still percent-encoded, from the first ``/``.
        query: Raw, without the ``?``.
        headers: Lower-case names; a header that came twice has its values joined by a comma.
        body: All of it, or ``b""`` where it is streamed beside the request.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer, complete."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
