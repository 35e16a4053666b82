# SPDX-License-Identifier: Apache-2.0
"""The regions: botocore's own list, so that every name a client knows is one we know.

Which of them AWS asks to opt in to is data: all that were launched after 2019-03-20.
"""

from __future__ import annotations

from functools import cache
from typing import Final

NOT_OPT_IN: Final = frozenset(
    {
        "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
        "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2",
        "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    }
)  # fmt: skip

ZONES: Final = ("a", "b", "c")

_DIRECTIONS: Final = {
    "central": "c", "east": "e", "north": "n", "northeast": "ne", "northwest": "nw", "south": "s",
    "southeast": "se", "southwest": "sw", "west": "w", "gov": "g",
}  # fmt: skip


@cache
def all_regions() -> tuple[str, ...]:
    """Return the names of AWS's commercial regions."""
    from botocore.loaders import Loader

    document = Loader().load_data("endpoints")
    commercial = next(item for item in document["partitions"] if item["partition"] == "aws")
    return tuple(sorted(commercial["regions"]))


def opt_in_status(region: str) -> str:
    """Return ``opt-in-not-required`` or ``opted-in``: here every region can be used."""
    return "opt-in-not-required" if region in NOT_OPT_IN else "opted-in"


def zone_id(region: str, zone: str) -> str:
    """Return the zone's id: ``use1-az1`` for zone ``a`` of ``us-east-1``."""
    area, *directions, number = region.split("-")
    short = "".join(_DIRECTIONS.get(word, word[:1]) for word in directions)
    return f"{area}{short}{number}-az{ZONES.index(zone) + 1}"
