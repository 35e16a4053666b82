# SPDX-License-Identifier: Apache-2.0
"""The check: there is always a report, and it says who refuses and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.rules.subjects import facts, subject
from tests.guests import drawing
from tests.house.processes import children

from vmferry.errors import FormatError, GuestError, SourceError
from vmferry.guest.report import CAUSES, Check, cause, described, refusal_of
from vmferry.guest.rules import SubjectDisk
from vmferry.model.finding import Answer, Severity
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vmferry.model.finding import Report
    from vmferry.model.guest import GuestFacts

SYSTEM = {
    *("operating_system", "kernel_version", "initramfs", "fstab_missing", "several_boot_menus"),
    *("bls_default", "architecture", "partition_table", "boot_mode", "root_file_system"),
    "boot_menu",
}
"""What a row of the guide's table is about."""


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[[GuestFacts | Exception], Report]:
    """Return a check whose look finds what the test says."""

    def check(found: GuestFacts | Exception) -> Report:
        def inspect(_disks: object, _child: object) -> GuestFacts:
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr("vmferry.guest.report.inspect", inspect)
        return Check().look(subject(), [])

    return check


def test_a_good_guest(look: Callable[[GuestFacts], Report]) -> None:
    report = look(facts())
    assert (report.verdict.vmferry, report.verdict.aws) == (Answer.ACCEPT, Answer.ACCEPT)
    assert (report.guest, report.findings) == (facts(), ())
    assert cause(report, "capability") is None
    assert cause(report, "aws") is None


def test_what_aws_alone_refuses(look: Callable[[GuestFacts], Report]) -> None:
    report = look(facts(version="13", ena=False, subvolume="@"))
    assert (report.verdict.vmferry, report.verdict.aws) == (Answer.ACCEPT, Answer.REFUSE)
    assert [each.severity for each in report.findings] == ["blocks", "blocks", "warns"]
    assert cause(report, "capability") is None
    refused = cause(report, "aws")
    assert refused is not None
    assert refused.aws_text == (
        "ClientError: Unsupported configuration - Btrfs subvolumes are not supported"
    )


def test_the_cause_is_what_an_import_comes_upon_first(
    look: Callable[[GuestFacts], Report],
) -> None:
    report = look(
        facts(
            architecture="i386",
            partition_table="none",
            version="13",
            fstab=(),
            boot_entries=(),
            boot_modes=(),
            subvolume="@",
        )
    )
    blocking = [each.id for each in report.findings if each.severity is Severity.BLOCKS]
    assert blocking == [
        "partition_table",
        *("architecture", "btrfs_subvolume", "operating_system"),
        "boot_menu",
        "fstab_missing",
    ]


@pytest.mark.parametrize("policy", ["capability", "aws"])
def test_what_ends_the_look_blocks(look: Callable[[Exception], Report], policy: str) -> None:
    error = GuestError("disk 0: it is", hint="Do", aws_text=list(CAUSES)[1])
    report = look(error)
    assert report.guest is None
    assert [each.id for each in report.findings] == ["no_partitions"]
    refused = cause(report, policy)
    assert refused is not None
    assert refused.status_message == error.status_message


def test_a_damaged_disk_blocks(look: Callable[[Exception], Report]) -> None:
    error = FormatError("vmdk: grain", where=5, hint="Copy it again")
    assert look(error).findings == Check().refuse(error).findings == (refusal_of(error),)
    assert refusal_of(error).id == "disk_damaged"
    assert refusal_of(GuestError("it", aws_text="other")).id == "inspection"


def test_a_source_that_cannot_be_read_has_no_report(look: Callable[[Exception], Report]) -> None:
    with pytest.raises(SourceError):
        look(SourceError("gone"))


def test_disks_are_a_better_cause_than_what_is_on_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def inspect(_disks: object, _child: object) -> GuestFacts:
        raise GuestError("nothing", aws_text="t")

    monkeypatch.setattr("vmferry.guest.report.inspect", inspect)
    disk = subject().disks[0]
    report = Check().look(subject(disks=(disk,) * 22), [])
    assert [each.id for each in report.findings] == ["disk_count", "inspection"]


class _Vmdk:
    size = 5
    create_type = "streamOptimized"
    warnings = ("w",)


def test_a_disk_is_described() -> None:
    found = described("a", "vmdk", _Vmdk())  # type: ignore[arg-type]
    expected = SubjectDisk(
        label="a", format="vmdk", size=5, create_type="streamOptimized", warnings=("w",)
    )
    assert found == expected


def test_the_process_of_a_look_that_was_not_needed_is_ended() -> None:
    before = set(children())
    with Check() as check:
        (child,) = set(children()) - before
        assert check.refuse(FormatError("vmdk", found="nothing")).guest is None
    assert child not in children()


def test_a_look_takes_the_process_that_was_started_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "disk.raw"
    empty.write_bytes(bytes(MIB))
    with Check() as check:
        monkeypatch.setattr("subprocess.Popen", None)
        report = check.look(subject(), [FileDisk(empty)])
    assert report.findings[0].id == "no_partitions"


@pytest.mark.oracle
@pytest.mark.parametrize("name", drawing.names())
def test_drawn_guests(name: str, drawn: Callable[[str], list[Path]]) -> None:
    document = drawing.load(name)
    check = Check()
    disks = [FileDisk(path) for path in drawn(name)]
    at = replace(
        subject(), disks=tuple(described(f"disk {n}", "raw", d) for n, d in enumerate(disks))
    )
    report = check.look(at, disks)
    assert report.seconds < 10
    if "error" in document:
        refused = report.findings[0]
        assert refused.found == document["error"]["message"]
        assert refused.aws_text == document["error"]["aws_text"]
        assert (refused.severity, report.guest) == (Severity.BLOCKS, None)
        return
    assert report.guest is not None
    assert drawing.as_drawn(report.guest, document["facts"]) == document["facts"]
    assert 0 < report.guest.bytes_read < 2 * MIB
    if "findings" in document:
        # Every other finding than these brings facts of its own, which their own tests look at.
        blocking = {each.id for each in report.findings if each.severity is Severity.BLOCKS}
        assert blocking & SYSTEM == set(document["findings"])
