# SPDX-License-Identifier: Apache-2.0
"""Errors as JSON: a step records how it ended, and a replay raises the same again."""

from __future__ import annotations

from typing import Any

from vmferry import errors
from vmferry.errors import ServiceError, VmferryError

_PLAIN = (str, int, float, bool, type(None))


def pack(error: VmferryError) -> dict[str, Any]:
    """Return the error's class and its plain fields."""
    fields = {key: value for key, value in vars(error).items() if isinstance(value, _PLAIN)}
    return {"kind": type(error).__name__, "fields": fields}


def unpack(packed: dict[str, Any]) -> VmferryError:
    """Return the error that ``pack`` was given; an unknown class becomes a ServiceError."""
    kind = getattr(errors, str(packed["kind"]), ServiceError)
    if not (isinstance(kind, type) and issubclass(kind, VmferryError)):
        kind = ServiceError
    error = kind.__new__(kind)
    Exception.__init__(error, packed["fields"].get("message", ""))
    vars(error).update(packed["fields"])
    return error
