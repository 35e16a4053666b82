# SPDX-License-Identifier: Apache-2.0
"""Systems of the table."""

from __future__ import annotations

from tests.guest.rules.subjects import facts, findings, lines


def test_one_of_it() -> None:
    assert lines("operating_system") == []


def test_another_version() -> None:
    assert lines("operating_system", facts(version="8", pretty_name="Debian GNU/Linux 8")) == [
        (
            "operating system: found Debian GNU/Linux 8, expected Debian 6, Debian 7, Debian "
            "10, Debian 11, Debian 12.2, Debian 12.4"
        )
    ]


def test_another_distribution() -> None:
    assert lines("operating_system", facts(distribution="alpine", pretty_name="")) == [
        "operating system: found alpine, expected a distribution of the guide's table"
    ]


def test_its_weight() -> None:
    finding = findings("operating_system", facts(version="8"))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("ClientError: Unknown OS / Missing OS files.")
