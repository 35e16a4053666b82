# SPDX-License-Identifier: Apache-2.0
"""The seeds are what their recipes make, and each is parsed, or refused by its parser's error."""

from __future__ import annotations

import pytest
from tests.fuzz.mutators import (
    agree_vmdk,
    sum_btrfs,
    sum_gpt,
    sum_lvm,
    sum_tar,
    sum_vhd,
    sum_vhdx,
)
from tests.fuzz.parsers import PARSERS
from tests.fuzz.recipes import CORPUS, seeds
from tests.fuzz.scattered import ScatteredFile

SUMS = {
    "vmdk": agree_vmdk,
    "vhd": sum_vhd,
    "vhdx": sum_vhdx,
    "gpt": sum_gpt,
    "ova": sum_tar,
    "lvm": sum_lvm,
    "btrfs": sum_btrfs,
}
WRONG = {"gpt": {"backup"}, "ova": {"link", "gzip"}, "btrfs": {"wrong-sum", "sha-256"}}
"""Seeds whose sums are wrong on purpose."""


def test_every_parser_has_its_seeds() -> None:
    assert {path.name for path in CORPUS.iterdir()} == PARSERS.keys()


@pytest.mark.parametrize("parser", PARSERS)
def test_the_corpus_is_what_the_recipes_make(parser: str) -> None:
    """If it is not: ``.venv/bin/python -m tests.fuzz.recipes``."""
    made = seeds(parser)
    assert {path.name for path in (CORPUS / parser).iterdir()} == made.keys()
    assert [
        name for name, data in made.items() if (CORPUS / parser / name).read_bytes() != data
    ] == []


def test_the_corpus_is_small() -> None:
    sizes = [path.stat().st_size for path in CORPUS.glob("*/*")]
    assert sum(sizes) < 300_000
    assert max(sizes) < 8_000


@pytest.mark.parametrize("parser", PARSERS)
def test_seeds_are_parsed_or_refused(parser: str) -> None:
    accepted = [PARSERS[parser].run(data) for data in seeds(parser).values()]
    assert {True, False} == set(accepted)


@pytest.mark.parametrize("parser", SUMS)
def test_the_sums_of_the_seeds_are_those_that_the_mutators_make(parser: str) -> None:
    for name, data in seeds(parser).items():
        if name in WRONG.get(parser, set()):
            continue
        file = ScatteredFile(data, name)
        for place, value in SUMS[parser](file):
            assert file.read_at(place, len(value)) == value, (name, place)
