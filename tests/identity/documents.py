# SPDX-License-Identifier: Apache-2.0
"""The guide's policies, as people send them."""

from __future__ import annotations

import json
from typing import Any


def document(*statements: dict[str, Any]) -> str:
    """Return a policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(**condition: Any) -> str:
    """Return the guide's trust policy with a condition of one's own."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "vmie.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": condition or {"StringEquals": {"sts:Externalid": "vmimport"}},
        }
    )


ROLE_POLICY = document(
    {
        "Effect": "Allow",
        "Action": ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"],
        "Resource": ["arn:aws:s3:::disk-bucket", "arn:aws:s3:::disk-bucket/*"],
    },
    {"Effect": "Allow", "Action": ["ec2:CopySnapshot", "ec2:Describe*"], "Resource": "*"},
)
