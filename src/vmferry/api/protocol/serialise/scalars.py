# SPDX-License-Identifier: Apache-2.0
"""Numbers, booleans, times and bytes as texts of the wire.

Source: aws-behaviour.md 1.2 for EC2's milliseconds; Smithy ``timestampFormat``.
"""

from __future__ import annotations

import base64
import math
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.model import Shape


def text(shape: Shape, value: object, *, time_format: str = "iso8601") -> str:
    """Return ``value`` as the wire writes the type of ``shape``."""
    kind = shape.type_name
    if isinstance(value, datetime):
        return time(value, str(shape.serialization.get("timestampFormat", time_format)))
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "blob":
        data = value.encode() if isinstance(value, str) else bytes(value)  # type: ignore[call-overload]
        return base64.b64encode(data).decode()
    if kind in ("float", "double"):
        return _number(float(value))  # type: ignore[arg-type]
    return str(value)


def time(when: datetime, form: str = "iso8601") -> str:
    """Return ``when`` in a model's form; a naive time counts as UTC.

    ISO-8601 carries milliseconds, as EC2 and S3 write it: ``2018-02-07T18:27:39.000Z``.
    """
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    if form == "rfc822":
        return format_datetime(when, usegmt=True)
    if form == "unixTimestamp":
        return str(int(when.timestamp()))
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)
