# SPDX-License-Identifier: Apache-2.0
"""Which users can log in by ssh with a key.

Source: passwd(5); sshd(8), AUTHORIZED_KEYS FILE FORMAT; sshd_config(5), AuthorizedKeysFile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.units import MIB

if TYPE_CHECKING:
    from vmferry.guest.settings import Settings

ACCOUNTS: Final = "/etc/passwd"
LONGEST: Final = MIB
MOST_HOMES: Final = 500
LONGEST_NAME: Final = 64
KEYS: Final = (".ssh/authorized_keys", ".ssh/authorized_keys2")
NO_HOMES: Final = ("", "/", "/nonexistent", "/dev/null")


def with_keys(settings: Settings) -> tuple[str, ...]:
    """Return the users whose home has a key, in the order of passwd."""
    homes: dict[str, str] = {}
    for line in settings.text(ACCOUNTS, LONGEST).split("\n"):
        fields = line.split(":", 6)
        if len(fields) == 7 and fields[5] not in NO_HOMES:
            homes.setdefault(fields[5], fields[0][:LONGEST_NAME])
    if len(homes) > MOST_HOMES:
        settings.complain(
            f"{ACCOUNTS}: found {len(homes)} homes, only the first {MOST_HOMES} are looked at"
        )
    return tuple(
        user for home, user in list(homes.items())[:MOST_HOMES] if _has_keys(settings, home)
    )


def _has_keys(settings: Settings, home: str) -> bool:
    texts = (settings.text(f"{home}/{name}") for name in KEYS)
    return any(
        line.strip() and not line.strip().startswith("#")
        for text in texts
        for line in text.split("\n")
    )
