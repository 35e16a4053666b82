# SPDX-License-Identifier: Apache-2.0
"""Errors survive JSON with every field that anybody shows."""

from __future__ import annotations

import json

import pytest

from vmferry import errors
from vmferry.errors import ApiError, FormatError, ServiceError, VmferryError
from vmferry.tasks.failure import of_defect, pack, unpack


@pytest.mark.parametrize(
    "error",
    [
        FormatError("vmdk: header", where=512, found=1, expected=2, hint="h", aws_text="a"),
        ApiError("InvalidParameter", "no", status=404, hint="why"),
        errors.StorageFullError("full", hint="free"),
        errors.IntegrityError("damaged"),
    ],
)
def test_an_error_comes_back_as_it_went(error: VmferryError) -> None:
    again = unpack(json.loads(json.dumps(pack(error))))
    assert type(again) is type(error)
    assert (again.message, again.hint, again.aws_text) == (
        error.message,
        error.hint,
        error.aws_text,
    )
    assert (again.code, again.status) == (error.code, error.status)
    assert again.status_message == error.status_message
    assert str(again) == str(error)


@pytest.mark.parametrize("kind", ["Gone", "annotations", "VmferryErrors", "TYPE_CHECKING"])
def test_an_unknown_class_becomes_a_service_error(kind: str) -> None:
    again = unpack({"kind": kind, "fields": {"message": "m", "hint": "", "aws_text": "a"}})
    assert type(again) is ServiceError
    assert again.status_message == "a (m)"


def test_a_full_disk_under_the_records_is_no_defect() -> None:
    full = of_defect("job", RuntimeError("(sqlite3.OperationalError) database or disk is full"))
    assert isinstance(full, errors.StorageFullError)
    defect = of_defect("job", KeyError("/secret"))
    assert defect.message == "job failed by a defect of vmferry (KeyError)"
