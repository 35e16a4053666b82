# SPDX-License-Identifier: Apache-2.0
"""The query protocols: spellings, emptiness, refusals and bounds."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.api.protocol.http import Request
from vmferry.api.protocol.models import operation
from vmferry.api.protocol.parse import parse
from vmferry.api.protocol.parse.query import fields
from vmferry.errors import ApiError


def ask(action: str, *, service: str = "ec2", query: str = "", **params: str) -> dict[str, Any]:
    """Parse a form body; ``__`` in a name stands for a dot."""
    named = {name.replace("__", "."): value for name, value in params.items()}
    body = urlencode({"Action": action, "Version": "2016-11-15", **named}).encode()
    return parse(operation(service, action), Request("POST", "/", query, {}, body))


def refusal(action: str, *, service: str = "ec2", **params: str) -> tuple[str, str]:
    """Return code and message of a refusal."""
    with pytest.raises(ApiError) as caught:
        ask(action, service=service, **params)
    return caught.value.code, caught.value.message


def test_lists_are_flat_and_nested() -> None:
    assert ask(
        "ImportImage",
        DiskContainer__1__Format="ova",
        DiskContainer__1__UserBucket__S3Bucket="b",
        DiskContainer__2__Url="s3://b/k",
        TagSpecification__1__ResourceType="import-image-task",
        TagSpecification__1__Tag__1__Key="k",
        TagSpecification__1__Tag__1__Value="",
    ) == {
        "DiskContainers": [
            {"Format": "ova", "UserBucket": {"S3Bucket": "b"}},
            {"Url": "s3://b/k"},
        ],
        "TagSpecifications": [
            {"ResourceType": "import-image-task", "Tags": [{"Key": "k", "Value": ""}]}
        ],
    }


@pytest.mark.parametrize("action", ["DescribeImportImageTasks", "DescribeExportImageTasks"])
@pytest.mark.parametrize("spelling", ["Filter", "Filters", "filter"])
def test_both_spellings_of_filters(action: str, spelling: str) -> None:
    params = {f"{spelling}.1.Name": "task-state", f"{spelling}.1.Value.1": "active"}
    assert ask(action, **params) == {"Filters": [{"Name": "task-state", "Values": ["active"]}]}


def test_case_does_not_matter() -> None:
    assert ask("CancelExportTask", exportTaskId="export-i-1") == {"ExportTaskId": "export-i-1"}
    assert ask("DescribeExportTasks", exportTaskId__1="a") == {"ExportTaskIds": ["a"]}
    assert ask(
        "CreateInstanceExportTask",
        InstanceId="i-1",
        ExportToS3__S3bucket="b",
        TargetEnvironment="vmware",
    )["ExportToS3Task"] == {"S3Bucket": "b"}


def test_packers_empty_values_are_absent() -> None:
    found = ask("ImportImage", Platform="", Encrypted="false", BootMode="", KmsKeyId="")
    assert found == {"Encrypted": False}


def test_terraforms_first_year_is_a_time() -> None:
    found = ask("ImportSnapshot", ClientData__UploadStart="0001-01-01T00:00:00Z")
    assert found["ClientData"]["UploadStart"] == datetime(1, 1, 1, tzinfo=UTC)


def test_an_empty_attribute_is_a_value() -> None:
    found = ask("ModifyImageAttribute", ImageId="ami-1", Description__Value="")
    assert found["Description"] == {"Value": ""}


def test_the_query_string_counts_and_the_body_wins() -> None:
    assert ask("DescribeImages", query="Owner.1=self&ImageId.1=a", ImageId__1="b") == {
        "Owners": ["self"],
        "ImageIds": ["b"],
    }


def test_signature_parameters_are_no_parameters() -> None:
    query = "X-Amz-Algorithm=a&X-Amz-Signature=b&AWSAccessKeyId=c&SignatureMethod=d&Timestamp=e"
    assert ask("DescribeImages", query=query) == {}


def test_indices_may_have_gaps() -> None:
    found = ask("DescribeImages", ImageId__10="c", ImageId__2="b", ImageId__1="a")
    assert found == {"ImageIds": ["a", "b", "c"]}


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"Nonsense": "1"}, "UnknownParameter", "The parameter Nonsense is not recognized"),
        (
            {"DiskContainer.1.Nonsense": "1"},
            "UnknownParameter",
            "The parameter DiskContainer.1.Nonsense is not recognized",
        ),
        (
            {"DryRun": "maybe"},
            "InvalidParameterValue",
            "Value (maybe) for parameter DryRun is invalid. Expected true or false",
        ),
        (
            {"ClientData.UploadSize": "x"},
            "InvalidParameterValue",
            "Value (x) for parameter ClientData.UploadSize is invalid. Expected a number",
        ),
        (
            {"ClientData.UploadEnd": "yesterday"},
            "InvalidParameterValue",
            (
                "Value (yesterday) for parameter ClientData.UploadEnd is invalid. "
                "Expected a time (iso8601)"
            ),
        ),
        (
            {"DiskContainer.999999999.Format": "ova"},
            "InvalidParameterValue",
            (
                "Value (999999999) for parameter DiskContainer is invalid. "
                "Expected an index of at most 10000"
            ),
        ),
    ],
)
def test_what_is_wrong_is_named(params: dict[str, str], code: str, text: str) -> None:
    assert refusal("ImportImage", **params) == (code, text)


def test_what_is_missing_is_named() -> None:
    assert refusal("CancelExportTask") == (
        "MissingParameter",
        "The request must contain the parameter ExportTaskId",
    )
    assert refusal("CancelExportTask", ExportTaskId="")[0] == "MissingParameter"
    code, text = refusal("ImportVolume", AvailabilityZone="a", Image__Format="RAW")
    assert code == "MissingParameter"
    assert text.startswith("The request must contain the parameter Image.")


def test_iam_has_its_own_words() -> None:
    assert refusal("GetRole", service="iam") == (
        "ValidationError",
        (
            "1 validation error detected: Value at 'roleName' failed to satisfy constraint: "
            "Member must not be null"
        ),
    )
    assert ask("GetRole", service="iam", RoleName="r", Unknown="x") == {"RoleName": "r"}


def test_depth_and_number_are_bounded() -> None:
    assert refusal("ImportImage", **{"A." * 30 + "B": "x"})[0] == "UnknownParameter"
    many = "&".join(f"A.{number}=x" for number in range(10_001))
    with pytest.raises(ApiError, match="syntax error") as caught:
        fields(Request("POST", "/", many, {}))
    assert caught.value.code == "MalformedQueryString"
    with pytest.raises(ApiError, match="syntax error"):
        fields(Request("POST", "/", "", {}, b"\xff\xfe"))


def test_a_hostile_form_takes_no_time() -> None:
    body = "&".join(f"DiskContainer.{n}.X.Y.Z=x" for n in range(1, 9000)).encode()
    began = time.monotonic()
    with pytest.raises(ApiError):
        parse(operation("ec2", "ImportImage"), Request("POST", "/", "", {}, body))
    assert time.monotonic() - began < 2


_NAMES = st.lists(
    st.sampled_from(["DiskContainer", "1", "2", "Format", "UserBucket", "Tag", "", "DryRun"]),
    min_size=1,
    max_size=5,
).map(".".join)


@given(st.dictionaries(_NAMES, st.text(max_size=5), max_size=8))
def test_any_form_is_parsed_or_refused(params: dict[str, str]) -> None:
    body = urlencode(params).encode()
    try:
        found = parse(operation("ec2", "ImportImage"), Request("POST", "/", "", {}, body))
    except ApiError:
        return
    assert isinstance(found, dict)
