# SPDX-License-Identifier: Apache-2.0
"""The errors of the VHDX parser, with AWS's texts for them.

Source: shared text ``aws-behaviour.md`` 2.3 (L2645 of the guide, and what ImportSnapshot answers).
"""

from __future__ import annotations

from typing import Final

from vmferry.errors import FormatError

AWS_DIFFERENCING: Final = "ClientError: Footers not identical"


def unsupported(
    what: str,
    *,
    where: int | None = None,
    found: object = None,
    expected: object = None,
    hint: str = "",
) -> FormatError:
    """Return the error for a VHDX that asks for what is not known here."""
    return FormatError(f"vhdx: {what}", where=where, found=found, expected=expected, hint=hint)


def damaged(
    what: str, where: int | None = None, *, found: object = None, expected: object = None
) -> FormatError:
    """Return the error for metadata that contradicts itself or the file."""
    return unsupported(
        what, where=where, found=found, expected=expected, hint="Export the disk once more"
    )


def differencing() -> FormatError:
    """Return the error for a disk that has a part of its data in another file."""
    return FormatError(
        "vhdx: the disk is differencing: a part of its data is in a parent",
        hint="Merge it with its parents first (Hyper-V: Edit Disk, Merge; or Convert-VHD)",
        aws_text=AWS_DIFFERENCING,
    )
