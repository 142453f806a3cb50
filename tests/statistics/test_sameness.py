"""How far SR images of timed calls may be from ordinary ones."""

import math
from dataclasses import replace

import pytest

from harness.records import Apart, Restoration, RoundVisit
from harness.statistics.sameness import counted_otherwise, other_function
from tests.support.timed import visit

SAME = Apart("valid", 0, False, 1, 65.0, 0, math.inf)


def judged(*apart):
    return other_function([RoundVisit(0, 0, "entry", replace(visit(1.0), apart=apart))])


@pytest.mark.parametrize(
    ("changes", "far"),
    [
        ({}, False),
        ({"levels": 2, "psnr_db": 60.0}, False),
        ({"levels": 3}, True),
        ({"psnr_db": 59.9}, True),
        # one whose ordinary calls differ: twice their levels, 6 dB below
        ({"levels": 6, "psnr_db": 44.0, "spread_levels": 3, "spread_db": 50.0}, False),
        ({"levels": 7, "psnr_db": 44.0, "spread_levels": 3, "spread_db": 50.0}, True),
        ({"levels": 6, "psnr_db": 43.9, "spread_levels": 3, "spread_db": 50.0}, True),
        ({"levels": 2, "psnr_db": 60.0, "spread_levels": 1, "spread_db": 90.0}, False),
    ],
)
def test_two_levels_and_60_db_or_twice_the_spread_of_repeats(changes, far):
    assert bool(judged(SAME, replace(SAME, **changes))) == far


def test_the_worst_is_told():
    worst = replace(SAME, levels=200, psnr_db=12.34)
    assert judged() == ""
    assert judged(SAME, worst, replace(SAME, levels=9)).endswith(
        "2 of 3 compared, by up to 200 levels and to 12.3 dB"
    )


def test_counted_calls_are_held_to_the_same():
    seen = [replace(SAME, counter=name) for name in ("torch", "fvcore")]
    assert counted_otherwise([Restoration((), apart=tuple(seen))]) == {}
    far = replace(seen[1], levels=9)
    flags = counted_otherwise([Restoration(()), Restoration((), apart=(seen[0], far))])
    assert flags["other-function"].startswith("calls that a counter saw (fvcore) computed")
    assert "1 of 2 compared, by up to 9 levels" in flags["other-function"]
