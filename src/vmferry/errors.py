# SPDX-License-Identifier: Apache-2.0
"""The error tree: nothing but ``VmferryError`` leaves a package.

    VmferryError
    ├── CallerError             the caller can mend it (HTTP 4xx, or the text of a failed task)
    │   ├── ApiError            an AWS code and text, answered at once
    │   ├── FormatError         a disk or an appliance is not what its specification says
    │   ├── GuestError          the machine on the disk cannot be imported
    │   └── SourceError         an object cannot be read: missing, refused, truncated
    └── ServiceError            we can mend it (HTTP 5xx)
        ├── StorageFullError    no space left where blocks or objects are kept
        ├── IntegrityError      stored bytes no longer have their digest
        ├── TaskCancelledError  the step stopped because its task was cancelled
        └── SetupError          the service is configured or installed wrongly

Every message says what, where, found, expected; ``hint`` says what to do. ``status_message`` is
what a failed task shows on the wire: AWS's own text first, so that clients that match it still do,
then the cause.
"""

from __future__ import annotations

from typing import ClassVar


class VmferryError(Exception):
    """Anything that vmferry refuses or fails at.

    Args:
        message: What, where, found, expected; one sentence without a final dot.
        hint: What the reader can do about it.
        aws_text: AWS's text for this failure in ``StatusMessage``; the class's default otherwise.
    """

    code: str = "InternalError"
    status: int = 500
    retryable: ClassVar[bool] = False
    default_aws_text: ClassVar[str] = "InternalError: An internal error has occurred"

    def __init__(self, message: str, *, hint: str = "", aws_text: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.aws_text = aws_text or self.default_aws_text

    def __reduce__(self) -> tuple[object, ...]:
        """Keep every field when the error crosses a process boundary."""
        return (_rebuild, (type(self), self.__dict__.copy()))

    @property
    def status_message(self) -> str:
        """The text of a failed task: AWS's words, then our cause and hint."""
        cause = f"{self.message}. {self.hint}" if self.hint else self.message
        return f"{self.aws_text} ({cause})" if self.aws_text else cause


def _rebuild(kind: type[VmferryError], fields: dict[str, object]) -> VmferryError:
    error = kind.__new__(kind)
    Exception.__init__(error, fields["message"])
    error.__dict__.update(fields)
    return error


class CallerError(VmferryError):
    """The caller can mend it."""

    code = "InvalidParameter"
    status = 400
    default_aws_text = "ClientError"


class ApiError(CallerError):
    """A request that is refused at once, with the code and text that AWS uses.

    Args:
        code: The wire code, such as ``InvalidParameter``.
        message: AWS's text.
        status: The HTTP status.
    """

    def __init__(self, code: str, message: str, *, status: int = 400, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.status = status


class FormatError(CallerError):
    """Bytes do not follow the specification of their format, or use what we refuse by name.

    Args:
        what: The format and the structure, such as ``vmdk: grain directory``.
        where: Byte offset in the object, or ``None`` if no single place is to blame.
        found: What was there.
        expected: What the specification asks for.
        aws_text: AWS's ``StatusMessage`` for this cause.
    """

    default_aws_text = "ClientError: Disk validation failed [Unsupported specified file format]"

    def __init__(
        self,
        what: str,
        *,
        where: int | None = None,
        found: object = None,
        expected: object = None,
        hint: str = "",
        aws_text: str = "",
    ) -> None:
        message = what
        if where is not None:
            message += f" at byte {where}"
        if found is not None:
            message += f": found {found}"
        if expected is not None:
            message += f", expected {expected}"
        super().__init__(message, hint=hint, aws_text=aws_text)
        self.where = where


class GuestError(CallerError):
    """The machine on the disks cannot be imported; ``aws_text`` is what AWS would say."""

    default_aws_text = "ClientError: Unknown OS / Missing OS files."


class SourceError(CallerError):
    """An object cannot be read: it is missing, refused, or shorter than what it promises."""

    default_aws_text = (
        "ClientError: Disk validation failed "
        "[We do not have access to the given resource. Reason 403 Forbidden]"
    )


class ServiceError(VmferryError):
    """We, or whoever runs the service, can mend it."""


class StorageFullError(ServiceError):
    """No space is left where blocks or objects are kept."""

    code = "InsufficientCapacity"
    status = 503
    default_aws_text = "ServerError: Insufficient storage capacity"


class IntegrityError(ServiceError):
    """Stored bytes no longer have the digest they were stored with."""


class TaskCancelledError(ServiceError):
    """A step stopped because its task was cancelled; never shown as a failure."""


class SetupError(ServiceError):
    """The service cannot start or work as it is configured or installed."""
