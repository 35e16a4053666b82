# SPDX-License-Identifier: Apache-2.0
"""Whoever installs vmferry gets nothing that its licence, Apache-2.0, cannot be combined with.

Looks at every installed package that vmferry needs at run time, directly or not, and at what the
package's own metadata says. Source: PEP 639 (License-Expression), the core metadata specification
(License, Classifier).
"""

from __future__ import annotations

import re
from importlib import metadata
from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.house.tree import demand_none

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALLOWED: Final = {
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "LGPL-2.1-or-later",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
    "Zlib",
}

SPELLINGS: Final = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""What older metadata calls the licences above."""

READ_BY_HAND: Final = {
    "libvsmbr-python": "GNU Lesser General Public License v3 or later (LGPLv3+)",
    "psycopg-binary": "LGPL-3.0-only",
}
"""Packages whose metadata needs a reader, with the text that was read.

- libvsmbr-python: a free text that is LGPL-3.0-or-later, as its siblings say in SPDX's words.
- psycopg-binary: the same project as psycopg; its wheels hold libpq (PostgreSQL licence) and
  OpenSSL (Apache-2.0).
"""


def licence_of(package: Mapping[str, str | list[str]]) -> str:
    """Return what a package says of its licence: an SPDX expression if it can be had."""
    expression = str(package.get("license_expression", ""))
    if expression:
        return expression
    text = str(package.get("license", "")).strip()
    if SPELLINGS.get(text, text) in ALLOWED:
        return SPELLINGS.get(text, text)
    classified = [
        name.rpartition(" :: ")[2]
        for name in package.get("classifier", ())
        if name.startswith("License :: ")
    ]
    # Several classifiers are a choice (python-dateutil: Apache or BSD), unless one is free text.
    return " OR ".join(SPELLINGS.get(name, name) for name in classified) or text


def allowed(expression: str) -> bool:
    """Say whether one alternative of an SPDX expression consists of allowed licences only."""
    if re.search(r"\bAND *\(|\) *AND\b", expression):
        return False  # a choice inside a sum: read it by hand
    return any(
        all(part.strip(" ()") in ALLOWED for part in re.split(r"\bAND\b", alternative))
        for alternative in re.split(r"\bOR\b", expression)
    )


def refused(packages: Iterable[tuple[str, Mapping[str, str | list[str]]]]) -> list[str]:
    """Return the packages that may not be depended on."""
    return [
        f"{name}: {licence_of(package) or 'says nothing'}, expected one of {sorted(ALLOWED)}"
        for name, package in packages
        if licence_of(package) != READ_BY_HAND.get(name) and not allowed(licence_of(package))
    ]


def _needed(root: str) -> dict[str, metadata.Distribution]:
    found: dict[str, metadata.Distribution] = {}
    seen: set[tuple[str, str]] = set()
    open_ = [(root, "")]
    while open_:
        name, extra = open_.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found[name] = metadata.distribution(name)
        for line in found[name].requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                needed = canonicalize_name(requirement.name)
                open_ += [(needed, extra) for extra in ("", *requirement.extras)]
    return found


def _json(distribution: metadata.Distribution) -> Mapping[str, str | list[str]]:
    return distribution.metadata.json


def test_every_dependency_may_be_used() -> None:
    packages = _needed("vmferry")
    assert {"botocore", "psycopg-binary", "libfsext-python"} <= set(packages)
    demand_none(refused((name, _json(found)) for name, found in sorted(packages.items())))


def test_what_was_read_by_hand_is_still_needed() -> None:
    assert set(READ_BY_HAND) <= set(_needed("vmferry"))


def test_copyleft_is_refused() -> None:
    bad: dict[str, dict[str, str | list[str]]] = {
        "a": {"license_expression": "AGPL-3.0-or-later"},
        "b": {"license": "GPLv3"},
        "c": {"classifier": ["License :: OSI Approved :: GNU Affero General Public License v3"]},
        "d": {"license_expression": "MIT AND GPL-2.0-only"},
        "e": {},
        "h": {"license_expression": "GPL-2.0-only AND (MIT OR BSD-3-Clause)"},
    }
    good: dict[str, dict[str, str | list[str]]] = {
        "f": {"license_expression": "GPL-2.0-only OR (MIT AND BSD-3-Clause)"},
        "g": {"license": "Dual", "classifier": ["License :: OSI Approved :: BSD License"]},
    }
    lines = refused([*bad.items(), *good.items()])
    assert [line.partition(", expected")[0] for line in lines] == [
        "a: AGPL-3.0-or-later",
        "b: GPLv3",
        "c: GNU Affero General Public License v3",
        "d: MIT AND GPL-2.0-only",
        "e: says nothing",
        "h: GPL-2.0-only AND (MIT OR BSD-3-Clause)",
    ]
