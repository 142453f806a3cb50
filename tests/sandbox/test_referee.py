"""A clock inside the entry's process may say what it likes: the harness's own runs outside."""

import statistics
from dataclasses import replace

import pytest

from harness import protocols
from tests.support import hostile, tiny

pytestmark = pytest.mark.heavy
MS = 300  # that a call takes


@pytest.fixture(scope="module")
def entries(tmp_path_factory):
    """Return the entries of a run on the CPU: the baseline, and a hostile one of every kind."""
    folder = tmp_path_factory.mktemp("referee")
    for name, height in zip("abcd", (16, 16, 18, 18), strict=True):
        tiny.write_pair(folder / "data", name, height, 20)
    edition = protocols.load(tiny.PROTOCOL)
    # the baseline's calls take too little to stand still beside other tests: one attempt counts
    edition = replace(edition, timing=replace(edition.timing, sweeps=3, drift=1e9))
    paths = [tiny.SUBMISSIONS / "good", *hostile.of_every("hurries", hostile.HURRIES, folder)]
    run, _ = tiny.run(folder / "out", folder / "data", paths, edition=edition, device="cpu")
    return {entry.name: entry for entry in run.entries}


def every(samples):
    return [ms for images in samples.values() for image in images for ms in image]


@pytest.mark.parametrize("kind", [k for k, disputed in hostile.HURRIES.items() if disputed])
def test_what_hurries_is_disputed_and_ranked_by_what_the_harness_saw(entries, kind):
    entry = entries[kind]
    assert entry.failure is None, entry.log
    assert "time-disputed" in entry.flags
    visit = entry.timing.visits[0].visit
    assert statistics.median(every(visit.told_ms)) < 0.5 * MS
    assert statistics.median(every(visit.samples_ms)) > 0.5 * MS


def test_honest_entries_are_not(entries):
    for name in ("good", "honest"):
        assert "time-disputed" not in entries[name].flags
        visit = entries[name].timing.visits[0].visit
        assert visit.told_ms == {}
        seen, told = every(visit.referee_ms), every(visit.samples_ms)
        assert all(a > b for a, b in zip(seen, told, strict=True))


def test_a_tensor_that_is_computed_when_it_is_looked_at_is_refused(entries):
    entry = entries["returns a tensor that is computed later"]
    assert entry.failure.reason == "the network returned Later; it must return a tensor"
