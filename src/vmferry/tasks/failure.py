# SPDX-License-Identifier: Apache-2.0
"""Errors as JSON: a step records how it ended, and a replay raises the same again."""

from __future__ import annotations

from typing import Any

from vmferry import errors
from vmferry.errors import ServiceError, StorageFullError, VmferryError

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


def of_defect(what: str, error: Exception) -> VmferryError:
    """Return what a caller is told of an error that is not ours; the log has the rest.

    Args:
        what: The step or the job that it ended.
        error: SQLite's SQLITE_FULL, however SQLAlchemy wraps it, is no defect.
    """
    if "disk is full" in str(error):
        return StorageFullError(
            "the records could not be written: no space left on the disk",
            hint="Free space on the disk that holds the state directory, then start the task again",
        )
    return ServiceError(
        f"{what} failed by a defect of vmferry ({type(error).__name__})",
        hint="See the service's log",
    )
