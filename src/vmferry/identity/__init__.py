# SPDX-License-Identifier: Apache-2.0
"""Who calls, which roles there are, and what a role lets the service do.

An account's own key may do everything in it; roles are what the service takes on to read a bucket
for a caller, so their policies are evaluated, as AWS does before an import starts.

Source: aws-behaviour.md 10 and 11-N; IAM User Guide, Policy evaluation logic.
"""

from __future__ import annotations

from vmferry.identity.identity import Identity
from vmferry.identity.policy import Decision, Policy, evaluate, parse

__all__ = ["Decision", "Identity", "Policy", "evaluate", "parse"]
