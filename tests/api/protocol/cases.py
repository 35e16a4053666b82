# SPDX-License-Identifier: Apache-2.0
"""botocore's protocol cases, read in place from the shared test data."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.model import OperationModel, ServiceModel

FOLDER = (
    Path(os.environ.get("VMFERRY_TEST_DATA", Path(__file__).parents[4] / "shared/data"))
    / "protocol-cases"
)


class Case(NamedTuple):
    """One case and the operation it belongs to."""

    id: str
    model: OperationModel
    body: dict[str, Any]


def cases(direction: str, protocol: str) -> list[Any]:
    """Return the cases as pytest parameters; one skipped parameter when the data are absent."""
    file = FOLDER / f"{direction}-{protocol}.json"
    if not file.is_file():
        skip = pytest.mark.skip(reason=f"{file.name} is not there (VMFERRY_TEST_DATA)")
        return [pytest.param(None, marks=skip, id=file.name)]
    return [
        pytest.param(_case(suite, case), id=case["id"])
        for suite in json.loads(file.read_text())
        for case in suite["cases"]
    ]


def _case(suite: dict[str, Any], case: dict[str, Any]) -> Case:
    name = case["given"]["name"]
    if suite["metadata"]["protocol"] == "query" and "output" in case["given"]:
        # The services' models name the wrapper; the cases rely on the rule behind it.
        case["given"]["output"].setdefault("resultWrapper", f"{name}Result")
    description = {
        "metadata": {"endpointPrefix": "test", "serviceId": "test", **suite["metadata"]},
        "shapes": suite["shapes"],
        "operations": {name: case["given"]},
    }
    service = ServiceModel(description, "test")
    return Case(case["id"], service.operation_model(name), case)
