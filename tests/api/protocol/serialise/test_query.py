# SPDX-License-Identifier: Apache-2.0
"""Answers of EC2, IAM and STS to the letter."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from vmferry.api.protocol.models import operation
from vmferry.api.protocol.serialise import serialise

if TYPE_CHECKING:
    from vmferry.api.protocol.http import Response

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def body(answer: Response) -> str:
    """Return the body, after a look at the rest."""
    assert answer.status == 200
    assert answer.headers == {"content-type": "text/xml;charset=UTF-8"}
    return answer.body.decode()


def test_ec2_has_its_root_and_the_request_id_first() -> None:
    result = {"ImportTaskId": "import-snap-1", "Description": "a & <b>"}
    assert body(serialise(operation("ec2", "ImportSnapshot"), result, "r-1")) == (
        f'{HEAD}<ImportSnapshotResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>r-1</requestId><description>a &amp; &lt;b&gt;</description>"
        "<importTaskId>import-snap-1</importTaskId></ImportSnapshotResponse>"
    )


def test_ec2_without_output_says_true() -> None:
    assert body(serialise(operation("ec2", "CancelExportTask"), {}, "r-1")) == (
        f'{HEAD}<CancelExportTaskResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>r-1</requestId><return>true</return></CancelExportTaskResponse>"
    )


def test_a_modelled_return_is_what_it_is() -> None:
    text = body(serialise(operation("ec2", "DeregisterImage"), {"Return": False}, "r-1"))
    assert "<return>false</return>" in text


def test_an_empty_structure_is_there() -> None:
    task = {"ExportTaskId": "export-i-1", "InstanceExportDetails": {}}
    text = body(serialise(operation("ec2", "DescribeExportTasks"), {"ExportTasks": [task]}, "r-1"))
    assert "<item><exportTaskId>export-i-1</exportTaskId><instanceExport/></item>" in text


def test_iam_wraps_its_result() -> None:
    role = {"RoleName": "r", "CreateDate": datetime(2018, 2, 7, 18, 27, 39)}  # noqa: DTZ001
    assert body(serialise(operation("iam", "GetRole"), {"Role": role}, "r-1")) == (
        f'{HEAD}<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult>'
        "<Role><RoleName>r</RoleName><CreateDate>2018-02-07T18:27:39.000Z</CreateDate></Role>"
        "</GetRoleResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>"
        "</GetRoleResponse>"
    )


def test_iam_without_output_has_the_request_id() -> None:
    assert body(serialise(operation("iam", "DeleteRole"), {}, "r-1")) == (
        f'{HEAD}<DeleteRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></DeleteRoleResponse>"
    )
