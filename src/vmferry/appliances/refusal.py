# SPDX-License-Identifier: Apache-2.0
"""The errors of appliances, with AWS's texts for them.

Source: shared text ``aws-behaviour.md`` 2.3 and rows 259, 2601 of its section 11.
"""

from __future__ import annotations

from typing import Final

from vmferry.errors import FormatError

AWS_ARCHIVE: Final = "ClientError: Disk validation failed [Unsupported OVA format]"
AWS_OVF: Final = "ClientError: Disk validation failed [OVF file parsing error: {}]"
CHUNKED: Final = "OVA with chunked disk files is not supported"


def bad_archive(
    what: str,
    where: int | None = None,
    *,
    found: object = None,
    expected: object = None,
    hint: str = "",
) -> FormatError:
    """Return the error for an archive that is damaged, or hides more than files."""
    return FormatError(
        f"ova: {what}",
        where=where,
        found=found,
        expected=expected,
        hint=hint,
        aws_text=AWS_ARCHIVE,
    )


def bad_ovf(
    what: str, *, found: object = None, expected: object = None, hint: str = "", aws: str = ""
) -> FormatError:
    """Return the error for a description that cannot be understood.

    Args:
        what: The element and what is wrong with it.
        found: What was there.
        expected: What the specification asks for.
        hint: What to do about it.
        aws: The words inside AWS's brackets; ``what`` otherwise.
    """
    return FormatError(
        f"ovf: {what}",
        found=found,
        expected=expected,
        hint=hint,
        aws_text=AWS_OVF.format(aws or what),
    )
