"""An entry that is another network when it is timed is found out, and is not ranked."""

from dataclasses import replace

import pytest

from harness.ranking import eligibility
from harness.statistics.figures import figures_of
from harness.statistics.runtimes import of_entries
from tests.support import hostile, tiny

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("another")
    paths = list(hostile.of_every("another", hostile.ANOTHER, folder))
    data = tiny.write_data(folder / "data")
    edition = hostile.with_unscored(data)
    made, _ = tiny.run(folder / "out", data, paths, edition=edition)
    return made


@pytest.fixture(scope="module")
def entries(run):
    return {entry.name: entry for entry in run.entries}


@pytest.mark.parametrize("kind", hostile.ANOTHER)
def test_who_computes_something_else_when_timed_is_flagged_and_not_eligible(run, entries, kind):
    entry, differs = entries[kind], hostile.ANOTHER[kind]
    assert entry.failure is None, entry.log
    assert ("other-function" in entry.flags) == differs
    figures = figures_of(entry, run.protocol, of_entries([entry])[entry.slug])
    protocol = replace(run.protocol, splits=run.protocol.splits[:1])  # the other has no scores
    standing = eligibility.judge(figures, protocol)
    assert (standing.eligible == "no") == differs
    if differs:
        assert standing.reason.startswith("timed calls computed something else")


def test_one_that_always_gives_the_same_is_not_compared(entries):
    visit = entries["honest"].timing.visits[0].visit
    assert visit.apart == ()
    assert "nondeterministic" not in entries["honest"].flags


def test_images_without_hr_are_restored_and_not_scored(entries):
    entry = entries["honest"]
    assert {score.split for score in entry.scores} == {"valid"}
    (ordinary,) = entry.restorations["hidden"].unscored
    visit = entry.timing.visits[0].visit
    assert visit.digests["hidden"] == (ordinary.sr,)
    assert ordinary.perturbed
    apart = entries["saves work on images that are not scored"].timing.visits[0].visit.apart
    assert {one.split for one in apart} == {"hidden"}


def test_one_that_differs_from_itself_is_compared_with_how_much_it_does(entries):
    entry = entries["honest, and random"]
    apart = entry.timing.visits[0].visit.apart
    assert {one.perturbed for one in apart} == {True, False}
    assert all(one.levels in (1, 2) and one.spread_levels in (1, 2) for one in apart)
    assert "nondeterministic" in entry.flags


def test_a_twin_for_the_counters_is_tried_on_images_that_nobody_can_know(tmp_path):
    data, twin = tiny.write_data(tmp_path / "data"), hostile.HOSTILE / "pretends"
    made, _ = tiny.run(tmp_path / "out", data, [twin])
    failure = made.entries[0].failure
    assert failure.stage == "forward"
    assert "twin for the counters differs from the network by" in failure.reason


def test_of_each_split_one_image_in_ten_was_restored_perturbed_as_well(entries):
    scores = entries["honest"].scores
    assert [bool(score.perturbed_digest) for score in scores].count(True) == 1
    assert entries["honest"].restorations["valid"].perturbation_seed > 0
