# SPDX-License-Identifier: Apache-2.0
"""botocore's input cases backwards: the request that it must make gives its parameters back."""

from __future__ import annotations

import pytest
from tests.api.protocol.cases import Case, cases
from tests.api.protocol.shapes import comparable, typed

from vmferry.api.protocol.http import Request
from vmferry.api.protocol.parse import parse

# The request of these says less than their parameters do, by the protocol's own design.
LEFT_OUT = {
    "BodyWithXmlName": "botocore itself names a nested structure by its shape's locationName",
    "RestXmlQueryPrecedence": "a named member wins over the map: the map's entry is never sent",
}


@pytest.mark.parametrize("protocol", ["ec2", "query", "rest-xml"])
def test_the_cases_are_there(protocol: str) -> None:
    assert cases("input", protocol)


@pytest.mark.parametrize("case", cases("input", "ec2") + cases("input", "query"))
def test_a_query_request_gives_its_parameters_back(case: Case) -> None:
    _check(case)


@pytest.mark.parametrize("case", cases("input", "rest-xml"))
def test_a_rest_request_gives_its_parameters_back(case: Case) -> None:
    _check(case)


def _check(case: Case) -> None:
    if case.id in LEFT_OUT or "body" not in case.body["serialized"]:
        pytest.skip(LEFT_OUT.get(case.id, "the case leaves the body to the client"))
    sent = case.body["serialized"]
    path, _, query = sent["uri"].partition("?")
    headers = {name.lower(): value for name, value in sent.get("headers", {}).items()}
    request = Request(sent["method"], path, query, headers, sent.get("body", "").encode())
    shape = case.model.input_shape
    want = typed(shape, case.body["params"]) if shape else {}
    payload = shape.serialization.get("payload") if shape else None
    if payload and shape.members[payload].type_name == "blob":
        want.pop(payload, None)
    got = parse(case.model, request)
    if case.id.endswith("AutoFill"):
        assert got.pop("token") == "00000000-0000-4000-8000-000000000000"
    assert comparable(got) == comparable(want)
