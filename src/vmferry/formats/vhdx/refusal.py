# SPDX-License-Identifier: Apache-2.0
"""The errors of the VHDX parser; AWS's text for all of them is ``FormatError``'s own.

Source: shared text ``aws-behaviour.md`` 2.3, what ImportSnapshot answers for a VHDX.
"""

from __future__ import annotations

from vmferry.errors import FormatError


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
    return unsupported(
        "the disk is differencing: a part of its data is in a parent",
        hint="Merge it with its parents first (Hyper-V: Edit Disk, Merge; or Convert-VHD)",
    )
