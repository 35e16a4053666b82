# SPDX-License-Identifier: Apache-2.0
"""Datasources of cloud-init, against YAML's own reader."""

from __future__ import annotations

import pytest
import yaml  # type: ignore[import-untyped]
from tests.guest.trees import tree_of

from vmferry.guest.services.cloud import FIRST, FOLDER, MOST, datasources
from vmferry.guest.settings import Settings


def _found(**files: str) -> tuple[str, ...]:
    named: dict[str, str | bytes] = {
        (FIRST if name == "first" else f"{FOLDER}/{name}.cfg")[1:]: text
        for name, text in files.items()
    }
    return datasources(Settings(tree_of(named)))


@pytest.mark.parametrize(
    "text",
    [
        "datasource_list: [ NoCloud, ConfigDrive, Ec2, None ]\n",
        "# x\nusers:\n- default\ndatasource_list: ['Ec2', \"None\"]  # no others\nsyslog: x\n",
        "datasource_list: [Ec2,\n  NoCloud]\n",
        "datasource_list:\n  - Ec2 # first\n  # second\n  - NoCloud\nsystem_info: {}\n",
        "datasource_list:\n- Ec2\n- NoCloud\n",
    ],
)
def test_lists(text: str) -> None:
    assert _found(first=text) == tuple(map(str, yaml.safe_load(text)["datasource_list"]))


@pytest.mark.parametrize("text", ["", "# datasource_list: [Ec2]\n", "x: 1\n", "datasource_list:"])
def test_none(text: str) -> None:
    assert _found(first=text) == ()


def test_the_last_file_counts() -> None:
    assert _found(first="datasource_list: [Ec2]\n") == ("Ec2",)
    assert _found(
        first="datasource_list: [Ec2]\n", a="datasource_list: [NoCloud]\n", b="users: []\n"
    ) == ("NoCloud",)


def test_a_long_one() -> None:
    assert len(_found(first="datasource_list: [" + "Ec2, " * 5000 + "]")) == MOST
    assert len(_found(first="datasource_list:\n" + "- Ec2\n" * 5000)) == MOST
