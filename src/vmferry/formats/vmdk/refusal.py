# SPDX-License-Identifier: Apache-2.0
"""The errors of the VMDK parser, with AWS's texts for them.

Source: shared text ``aws-behaviour.md`` 2.3 (L2605 and L2649 of the guide).
"""

from __future__ import annotations

from typing import Final

from vmferry.errors import FormatError

AWS_UNSUPPORTED: Final = "ClientError: Disk validation failed [Unsupported VMDK File Format]"
AWS_LENGTH: Final = "ClientError: Uncompressed data has invalid length"


def unsupported(
    what: str,
    *,
    where: int | None = None,
    found: object = None,
    expected: object = None,
    hint: str = "",
) -> FormatError:
    """Return the error for a VMDK of a kind, a version or a shape that is not read."""
    return FormatError(
        f"vmdk: {what}",
        where=where,
        found=found,
        expected=expected,
        hint=hint,
        aws_text=AWS_UNSUPPORTED,
    )


def damaged(
    what: str, where: int | None = None, *, found: object = None, expected: object = None
) -> FormatError:
    """Return the error for metadata that contradicts itself or the file."""
    return unsupported(
        what, where=where, found=found, expected=expected, hint="Export the disk once more"
    )


def bad_grain(
    what: str, where: int, *, found: object = None, expected: object = None
) -> FormatError:
    """Return the error for a grain that cannot be what was written."""
    return FormatError(
        f"vmdk: grain {what}",
        where=where,
        found=found,
        expected=expected,
        hint="The file was cut or changed after it was written; export the disk once more",
        aws_text=AWS_LENGTH,
    )
