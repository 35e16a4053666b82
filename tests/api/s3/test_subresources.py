# SPDX-License-Identifier: Apache-2.0
"""Sub-resources that no bucket here has, as boto3 sees them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from vmferry.api.protocol import models
from vmferry.api.s3 import subresources

ARGUMENTS = {"GetObjectTagging": {"Key": "x"}, "DeleteObjectTagging": {"Key": "x"}}


def _method(name: str) -> str:
    from botocore import xform_name

    return str(xform_name(name))


def test_every_name_is_an_operation() -> None:
    known = set(models.service("s3").operation_names)
    assert {*subresources.ABSENT, *subresources.EMPTY} <= known


def test_the_answers_are_the_documented_ones(service: Any) -> None:
    s3 = service.client()
    s3.create_bucket(Bucket="sub-resources")
    for name, (code, _text) in subresources.ABSENT.items():
        with pytest.raises(ClientError) as caught:
            getattr(s3, _method(name))(Bucket="sub-resources", **ARGUMENTS.get(name, {}))
        answer = caught.value.response
        assert answer["Error"]["Code"] == code
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 404
    for name, members in subresources.EMPTY.items():
        found = getattr(s3, _method(name))(Bucket="sub-resources", **ARGUMENTS.get(name, {}))
        assert {key: found.get(key) for key in members} == members
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.put_bucket_versioning(
            Bucket="sub-resources", VersioningConfiguration={"Status": "Enabled"}
        )
    s3.delete_bucket(Bucket="sub-resources")
