# SPDX-License-Identifier: Apache-2.0
"""The guide's table: every distribution, and what lies just outside."""

from __future__ import annotations

import pytest
from tests.guests import drawing

from vmferry.guest.rules._linux import rows_of, table


@pytest.mark.parametrize(
    ("distribution", "version", "kernel"),
    [
        ("amzn", "2023", "6.1.119-129.201.amzn2023.x86_64"),
        ("amzn", "2", "4.14.355-275.572.amzn2.x86_64"),
        ("centos", "5.11", "2.6.18-398.el5"),
        ("centos", "7", "3.10.0-1160.el7.x86_64"),
        ("debian", "12", "6.1.0-18-amd64"),
        ("debian", "12.4", "6.1.0-18-amd64"),
        ("fedora", "39", "6.5.6-300.fc39.x86_64"),
        ("ol", "5.11", "2.6.39-400.215.10.el5uek"),
        ("ol", "8.9", "5.15.0-200.131.27.el8uek.x86_64"),
        ("ol", "9.6", "6.12.0-1.23.3.2.el9uek.x86_64"),
        ("rhel", "6.10", "2.6.32-754.el6.x86_64"),
        ("rhel", "9.6", "5.14.0-570.12.1.el9_6.x86_64"),
        ("rocky", "9.4", "5.14.0-427.13.1.el9_4.x86_64"),
        ("sles", "11.4", "3.0.101-63-default"),
        ("sles", "15.5", "5.14.21-150500.53-default"),
        ("ubuntu", "12.04", "3.2.0-23-generic"),
        ("ubuntu", "24.04", "6.8.0-31-generic"),
    ],
)
def test_systems_of_the_table(distribution: str, version: str, kernel: str) -> None:
    assert any(row.has_kernel(kernel) for row in rows_of(distribution, version))


@pytest.mark.parametrize(
    ("distribution", "version", "kernel"),
    [
        ("rhel", "6.0", "2.6.32-71.el6.x86_64"),
        ("ol", "8.9", "5.15.0-1.el7uek"),
        ("debian", "11", "5.10.01-1-amd64"),
        ("ubuntu", "16.04", "4.20.0-1-generic"),
        ("sles", "12.2", "4.40.1-default"),
    ],
)
def test_kernels_that_are_not_in_it(distribution: str, version: str, kernel: str) -> None:
    rows = rows_of(distribution, version)
    assert rows
    assert not any(row.has_kernel(kernel) for row in rows)


@pytest.mark.parametrize(
    ("distribution", "version"),
    [
        ("debian", "12.3"),
        ("debian", "13"),
        ("debian", ""),
        ("debian", "sid"),
        ("rhel", "9.7"),
        ("rocky", "8.9"),
        ("ubuntu", "22.10"),
        ("ubuntu", "9" * 100_000),
        ("gentoo", "2.17"),
    ],
)
def test_systems_that_are_not_in_it(distribution: str, version: str) -> None:
    assert rows_of(distribution, version) == []


def test_every_row_is_complete() -> None:
    assert len({row.name for row in table()}) == len(table())
    for row in table():
        assert row.first <= row.last
        assert row.ids
        assert row.kernels


def test_every_row_has_a_drawn_guest_that_it_accepts() -> None:
    found = set()
    for name in drawing.names():
        document = drawing.load(name)
        if document.get("findings") == []:
            facts = document["facts"]
            kernel = facts["kernels"][0]
            release = kernel["release"] if isinstance(kernel, dict) else kernel
            rows = rows_of(facts["distribution"], facts["version"])
            found |= {row.name for row in rows if row.has_kernel(release)}
    assert {row.name for row in table()} - found == set()
