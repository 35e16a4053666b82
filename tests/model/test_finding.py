# SPDX-License-Identifier: Apache-2.0
"""What findings mean together."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from vmferry.model.finding import (
    BOTH,
    VERSION,
    Answer,
    Finding,
    Report,
    Service,
    Severity,
    verdict,
)
from vmferry.model.guest import GuestFacts

AWS = (Service.AWS,)


def _finding(severity: str, concerns: tuple[Service, ...] = BOTH, **more: str) -> Finding:
    texts = {"id": "x", "section": "11-H", "aws_text": "", "where": "a", "found": "b"}
    texts |= {"expected": "", "remedy": ""}
    return Finding(severity=Severity(severity), concerns=concerns, **{**texts, **more})


@pytest.mark.parametrize(
    ("findings", "vmferry", "aws"),
    [
        ((), Answer.ACCEPT, Answer.ACCEPT),
        ((_finding("informs"),), Answer.ACCEPT, Answer.ACCEPT),
        ((_finding("warns"), _finding("informs")), Answer.WARN, Answer.WARN),
        ((_finding("warns"), _finding("blocks", AWS)), Answer.WARN, Answer.REFUSE),
        ((_finding("warns", AWS), _finding("blocks")), Answer.REFUSE, Answer.REFUSE),
    ],
)
def test_the_worst_finding_decides(
    findings: tuple[Finding, ...], vmferry: Answer, aws: Answer
) -> None:
    found = verdict(findings)
    assert (found.vmferry, found.aws) == (vmferry, aws)


def test_a_finding_is_a_sentence() -> None:
    assert _finding("warns").message == "a: found b"
    assert _finding("warns", expected="c").message == "a: found b, expected c"
    assert _finding("warns", where="", expected="c").message == "b, expected c"


def test_a_report_is_json_with_its_version_first() -> None:
    findings = (_finding("blocks", AWS),)
    report = Report(
        verdict=verdict(findings),
        guest=None,
        findings=findings,
        bytes_read=1,
        bytes_total=2,
        seconds=0.5,
    )
    shown = report.to_json()
    assert next(iter(shown)) == "version"
    assert json.loads(json.dumps(shown)) == {
        "version": 1,
        "verdict": {"vmferry": "accept", "aws": "refuse"},
        "guest": None,
        "findings": [
            {
                "id": "x",
                "severity": "blocks",
                "section": "11-H",
                "aws_text": "",
                "where": "a",
                "found": "b",
                "expected": "",
                "remedy": "",
                "concerns": ["aws"],
            }
        ],
        "bytes_read": 1,
        "bytes_total": 2,
        "seconds": 0.5,
    }


def _schema() -> Any:
    path = Path(__file__).parents[2] / "docs" / "report-schema" / f"{VERSION}.json"
    return json.loads(path.read_text())


def test_the_schema_names_every_field() -> None:
    schema = _schema()["properties"]
    report = {field.name for field in fields(Report)}
    assert set(schema) == {*report, "plan"}
    assert schema["version"]["const"] == VERSION
    finding = schema["findings"]["items"]
    assert set(finding["properties"]) == {field.name for field in fields(Finding)}
    assert set(finding["required"]) == set(finding["properties"])
    assert finding["properties"]["severity"]["enum"] == [each.value for each in Severity]
    answers = [each.value for each in Answer]
    assert all(each["enum"] == answers for each in schema["verdict"]["properties"].values())
    guest = {field.name for field in fields(GuestFacts)}
    assert set(schema["guest"]["properties"]) <= guest
    assert set(schema["guest"]["required"]) <= set(schema["guest"]["properties"])
