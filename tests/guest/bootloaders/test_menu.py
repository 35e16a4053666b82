# SPDX-License-Identifier: Apache-2.0
"""Scripts run: branches, submenus, functions, and what never ends."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from vmferry.guest.bootloaders import MOST_ENTRIES, _menu

SCRIPT = """
if [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
elif [ "${saved_entry}" ]; then set default="${saved_entry}"
else
   set default="0"
fi
function savedefault {
  if [ -z "${boot_once}" ]; then
    saved_entry="${chosen}"
  fi
}
menuentry 'First' --class os --unrestricted $menuentry_id_option 'first' {
  savedefault
  if [ x$feature_all = xy ]; then
    linux /wrong
  else
    linux /one root=/dev/sda1 ro
  fi
  initrd /micro /one.img
}
submenu "More" --id more {
  menuentry 'Second' { linux16 /two; initrd16 /two.img; }
  menuentry "Third" --hotkey=x { linuxefi /three
  }
}
blscfg
if false; then
  menuentry 'Never' { linux /never }
fi
"""


def _run(text: str, environment: dict[str, str] | None = None) -> _menu.Menu:
    return _menu.run(text, environment or {}, lambda path: path == "/boot/grub2/grubenv")


def test_a_menu() -> None:
    menu = _run(SCRIPT, {"saved_entry": "more>1"})
    assert menu.variables["default"] == "more>1"
    assert [(item.title, item.kernel, item.initramfs) for item in menu.items] == [
        ("First", ["/one", "root=/dev/sda1", "ro"], ["/micro", "/one.img"]),
        ("Second", ["/two"], ["/two.img"]),
        ("Third", ["/three"], []),
        ("", [], []),
    ]
    assert menu.items[0].path == ((0, "First", "first"),)
    assert menu.items[2].path == ((1, "More", "more"), (1, "Third", ""))
    assert menu.items[3].is_bls


def test_branches() -> None:
    assert _run(SCRIPT).variables["default"] == "0"
    assert _run(SCRIPT, {"next_entry": "a"}).variables["default"] == "a"


def test_no_end() -> None:
    start = time.process_time()
    assert _run("menuentry 'a' { }\n" * 5000).is_too_long
    assert len(_run("menuentry 'a' { }\n" * 5000).items) == MOST_ENTRIES + 1
    assert _run("if true; then\n" * 5000).is_too_long
    assert _run("set a=x\n" + "set a=$a$a\n" * 40_000).items == []
    assert time.process_time() - start < 4


WORDS = [
    "if [ a ]; then",
    "else",
    "elif [ ]",
    "fi",
    "}",
    "menuentry x {",
    "submenu y {",
    "linux /a",
]


@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_any_order(commands: list[str]) -> None:
    _run("\n".join(commands))
