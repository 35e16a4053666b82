# SPDX-License-Identifier: Apache-2.0
"""Errors: their messages, what a failed task shows, and their way through a process boundary."""

from __future__ import annotations

import inspect
import pickle

import pytest

from vmferry import errors
from vmferry.errors import (
    ApiError,
    CallerError,
    FormatError,
    GuestError,
    IntegrityError,
    ServiceError,
    SourceError,
    StorageFullError,
    VmferryError,
)


def test_a_format_error_says_what_where_found_expected() -> None:
    error = FormatError("vhd: footer checksum", where=512, found="0x1234", expected="0xffff1e2a")
    assert str(error) == "vhd: footer checksum at byte 512: found 0x1234, expected 0xffff1e2a"
    assert error.where == 512


def test_a_format_error_says_only_what_it_knows() -> None:
    assert str(FormatError("vmdk: truncated")) == "vmdk: truncated"
    assert str(FormatError("vmdk: version", found=0)) == "vmdk: version: found 0"
    assert str(FormatError("vmdk: header", where=0)) == "vmdk: header at byte 0"


def test_a_failed_task_shows_awss_text_first() -> None:
    error = FormatError("vmdk: version", found=9, expected="1 to 3", hint="Convert it first.")
    assert error.status_message == (
        "ClientError: Disk validation failed [Unsupported specified file format] "
        "(vmdk: version: found 9, expected 1 to 3. Convert it first.)"
    )


def test_the_aws_text_of_one_error_replaces_its_classs() -> None:
    error = GuestError("no os-release", aws_text="ClientError: Unsupported kernel version")
    assert error.status_message == "ClientError: Unsupported kernel version (no os-release)"
    assert GuestError("no os-release").status_message.startswith("ClientError: Unknown OS")


def test_an_api_error_has_its_own_code_and_status() -> None:
    error = ApiError("InvalidImageID.NotFound", "The image id 'x' does not exist", status=404)
    assert (error.code, error.status) == ("InvalidImageID.NotFound", 404)
    assert str(error) == "The image id 'x' does not exist"
    assert ApiError("InvalidParameter", "x").status == 400


def test_who_can_mend_it_is_the_branch_of_the_tree() -> None:
    callers: list[type] = [ApiError, FormatError, GuestError, SourceError]
    ours: list[type] = [StorageFullError, IntegrityError]
    assert all(issubclass(kind, CallerError) for kind in callers)
    assert all(issubclass(kind, ServiceError) for kind in ours)
    assert CallerError.status < 500 <= ServiceError.status


@pytest.mark.parametrize(
    "error",
    [
        ApiError("InvalidParameter", "bad", status=404, hint="Ask again."),
        FormatError("vmdk: grain", where=7, found=1, expected=2, hint="h", aws_text="a"),
        GuestError("no kernel"),
        StorageFullError("no space left"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_field_survives_a_process_boundary(error: VmferryError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
    assert (copy.code, copy.status, copy.status_message) == (
        error.code,
        error.status,
        error.status_message,
    )


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    drawn = inspect.getdoc(errors) or ""
    kinds = [
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, VmferryError)
    ]
    assert kinds
    assert [name for name in kinds if f" {name} " not in f" {drawn} ".replace("\n", " ")] == []
