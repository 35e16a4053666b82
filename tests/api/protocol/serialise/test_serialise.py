# SPDX-License-Identifier: Apache-2.0
"""botocore's output cases backwards: what we write, botocore's own parser reads back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.api.protocol.cases import Case, cases
from tests.api.protocol.shapes import comparable, typed, values

from vmferry.api.protocol.models import operation
from vmferry.api.protocol.serialise import serialise

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from vmferry.api.protocol.http import Response

SAME_ENTRY = "botocore reads a flattened list by its entries' name, and two lists here share one"
LEFT_OUT = {
    "Ec2XmlLists": SAME_ENTRY,
    "QueryXmlLists": SAME_ENTRY,
    "XmlLists": SAME_ENTRY,
    "HttpPayloadTraitsWithBlob": "botocore gives a blob payload as the body that it was handed",
    "HttpPayloadTraitsWithNoBlobBody": "botocore gives an empty payload where there was none",
    "IgnoreQueryParamsInResponse": "the case is about a parser that meets unknown parts",
    "InputAndOutputWithTimestampHeaders": "botocore cuts a list of times at each day's comma",
    "RestXmlHttpPayloadWithUnsetUnion": "an unset union is no valid answer",
}

ACTIONS = [
    ("ec2", "DescribeImportImageTasks"),
    ("ec2", "DescribeImportSnapshotTasks"),
    ("ec2", "ImportImage"),
    ("ec2", "DescribeImages"),
    ("ec2", "DescribeConversionTasks"),
    ("ec2", "DescribeExportTasks"),
    ("ec2", "CreateTags"),
    ("ec2", "DescribeInstances"),
    ("iam", "GetRole"),
    ("iam", "ListRoles"),
    ("iam", "ListRolePolicies"),
    ("iam", "DeleteRole"),
    ("sts", "GetCallerIdentity"),
    ("s3", "ListObjectsV2"),
    ("s3", "ListMultipartUploads"),
    ("s3", "GetBucketAcl"),
    ("s3", "CompleteMultipartUpload"),
    ("s3", "GetBucketOwnershipControls"),
]


def read(model: OperationModel, answer: Response) -> dict[str, Any]:
    """Return what botocore's parser makes of ``answer``, without its own additions."""
    parser = create_parser(model.service_model.metadata["protocol"])
    headers = HeadersDict(answer.headers)
    raw = {"status_code": answer.status, "headers": headers, "body": answer.body}
    parsed: dict[str, Any] = parser.parse(raw, model.output_shape)
    parsed.pop("ResponseMetadata", None)
    return parsed


@pytest.mark.parametrize("case", cases("output", "ec2") + cases("output", "query"))
def test_a_query_answer_is_read_back(case: Case) -> None:
    _check(case)


@pytest.mark.parametrize("case", cases("output", "rest-xml"))
def test_a_rest_answer_is_read_back(case: Case) -> None:
    _check(case)


def _check(case: Case) -> None:
    if case.id in LEFT_OUT:
        pytest.skip(LEFT_OUT[case.id])
    if "error" in case.body or case.model.output_shape is None:
        pytest.skip("an error, or no output")
    want = typed(case.model.output_shape, case.body["result"])
    answer = serialise(case.model, want, "r-1")
    assert comparable(read(case.model, answer)) == comparable(want)
    assert answer.status == case.body["response"]["status_code"]


@pytest.mark.parametrize(("service", "action"), ACTIONS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_result_survives(service: str, action: str, data: st.DataObject) -> None:
    model = operation(service, action)
    result = data.draw(values(model.output_shape)) if model.output_shape else {}
    got = read(model, serialise(model, result, "r-1"))
    assert comparable(got) == comparable(result)
