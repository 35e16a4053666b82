# SPDX-License-Identifier: Apache-2.0
"""Names of machines."""

from __future__ import annotations

import pytest
from tests.guest.trees import tree_of

from vmferry.guest import hostname
from vmferry.guest.settings import Settings


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"etc/hostname": "web1\n"}, "web1"),
        ({"etc/hostname": "# who\n\n  web1.example.org \nweb2\n"}, "web1.example.org"),
        ({"etc/HOSTNAME": "sles.example.org\n"}, "sles.example.org"),
        ({"etc/sysconfig/network": 'NETWORKING=yes\nHOSTNAME="el6"\n'}, "el6"),
        ({"etc/conf.d/hostname": "# x\nhostname='gentoo'\n"}, "gentoo"),
        ({"etc/hostname": "localhost\n", "etc/sysconfig/network": "HOSTNAME=el7\n"}, "el7"),
        ({"etc/hostname": "localhost.localdomain\n"}, ""),
        ({"etc/hostname": "a" * 300}, ""),
        ({"etc/hostname": "\x1b[2J"}, ""),
        ({"etc/hostname": ""}, ""),
        ({}, ""),
    ],
)
def test_names(files: dict[str, str | bytes], name: str) -> None:
    assert hostname.read(Settings(tree_of(files))) == name
