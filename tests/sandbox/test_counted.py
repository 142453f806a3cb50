"""An entry that is a cheaper network where it is counted is found out, and is not ranked."""

from dataclasses import replace

import pytest

from harness.ranking import eligibility
from harness.statistics.figures import figures_of
from tests.support import hostile, tiny

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dodges")
    for name, height in zip("abc", (60, 61, 62), strict=True):
        tiny.write_pair(folder / "data", name, height, 64)
    paths = [
        *hostile.of_every("dodges", hostile.DODGES, folder),
        hostile.HOSTILE / "delegates",
    ]
    made, _ = tiny.run(folder / "out", folder / "data", paths, edition=tiny.untimed())
    return made


@pytest.fixture(scope="module")
def entries(run):
    return {entry.name: entry for entry in run.entries}


@pytest.mark.parametrize("kind", hostile.DODGES)
def test_who_dodges_a_counter_is_flagged_and_not_eligible(run, entries, kind):
    entry, flag = entries[kind], hostile.DODGES[kind]
    assert entry.failure is None, entry.log
    found = {"other-function", "hidden-work"} & set(entry.flags)
    assert found == ({flag} if flag else set()), entry.flags
    figures = replace(figures_of(entry, run.protocol, None), psnr_db={"valid": 11.0})
    assert (eligibility.judge(figures, run.protocol).eligible == "no") == bool(flag)


def test_each_counter_has_an_image_of_its_own_that_is_compared(entries):
    entry = entries["honest"]
    places = {one.counter: one.image for one in entry.inspection.counted}
    assert places == {"torch": 2, "fvcore": 1, "ptflops": 0}
    apart = entry.restorations["valid"].apart
    assert {one.counter: one.image for one in apart} == places
    assert [(one.levels, one.spread_levels) for one in apart] == [(0, 0)] * 3
    # a convolution of 7x7, and nearest enlargement where a counter sees that
    seen = {one.counter: one.flops / 64**2 for one in entry.inspection.counted}
    assert seen == {"torch": 3 * 3 * 49, "fvcore": 3 * 3 * 49 + 3 * 16, "ptflops": 3 * 3 * 49}


def test_a_twin_cannot_ask_its_network(entries):
    failure = entries["delegates"].failure
    assert failure.stage == "forward"
    assert "twin for the counters differs from the network by" in failure.reason
