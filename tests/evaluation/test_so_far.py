"""A run that is not finished: what it writes after every entry and every round."""

from dataclasses import replace

import pytest

from harness import protocols
from harness.cli.run import _render_to
from harness.entries.discovery import discover
from harness.evaluation import challenge, outlook
from harness.evaluation.bench import Bench
from harness.images.cache import ImageCache
from harness.images.datasets import open_splits
from harness.store.passes import Store
from harness.store.runs import load_run
from tests.support import tiny


def prepared(tmp_path, *slugs):
    """Return submissions, and a bench with its data and store in `tmp_path`."""
    edition = protocols.load(tiny.PROTOCOL)
    data = tiny.write_data(tmp_path / "data")
    splits = open_splits(edition, data, cache=ImageCache(data / "cache"))
    found = discover([tiny.SUBMISSIONS / slug for slug in slugs])
    return found, Bench(edition, splits, "fake", Store(tmp_path / "out"), tiny.Recorder())


def test_a_finished_run_stays_finished_while_nothing_changes(tmp_path):
    found, bench = prepared(tmp_path, "good", "wrong_size", "wrong_manifest")
    out, told = tmp_path / "out", []
    finished = challenge.run(found, bench, out, "")
    challenge.run(found, bench, out, "", tell=told.append)
    assert [(run.entries, run.rounds, run.unfinished) for run in told] == [
        (finished.entries, finished.rounds, "")
    ]
    # with one more round it goes on from what there is
    timing = replace(bench.protocol.timing, rounds=2)
    longer = replace(bench, protocol=replace(bench.protocol, timing=timing))
    challenge.run(found, longer, out, "", tell=told.append)
    assert [len(run.rounds) for run in told[1:]] == [2, 2]


@pytest.mark.heavy
def test_an_outlook_says_what_a_run_would_measure_and_writes_nothing(tmp_path):
    found, bench = prepared(tmp_path, "good", "switches", "wrong_manifest")
    before = outlook.outlook(found, bench)
    assert not (tmp_path / "out").exists()
    assert [one.entry.status for one in before.entries] == ["ok", "ok", "failed"]
    assert [one.inspection for one in before.entries] == [True, True, False]
    assert [[split.name for split in one.splits] for one in before.entries] == [
        ["valid"],
        ["valid"],
        [],
    ]
    ((session, rounds),) = before.sessions
    assert (len(session.crew) + bool(session.baseline), rounds) == (2, 1)
    assert before.timing_s > 0
    challenge.run(found[:1], bench, tmp_path / "out", "")
    between = outlook.outlook(found, bench)
    assert [one.inspection for one in between.entries] == [False, True, False]
    assert between.evaluation_s < before.evaluation_s
    challenge.run(found, bench, tmp_path / "out", "")
    after = outlook.outlook(found, bench)
    assert not any(one.inspection or one.splits for one in after.entries)
    assert [left for _, left in after.sessions] == [0]
    assert (after.evaluation_s, after.timing_s) == (0, 0)


@pytest.mark.heavy
def test_every_entry_and_round_is_written_and_rendered(tmp_path):
    found, bench = prepared(tmp_path, "good", "wrong_manifest")
    out, seen = tmp_path / "out", []

    def tell(run):
        assert load_run(out) == run
        _render_to(out)(run)
        page = (out / "report" / "index.html").read_text()
        assert ('http-equiv="refresh"' in page) == bool(run.unfinished)
        assert ("This run is not finished" in page) == bool(run.unfinished)
        seen.append((run.unfinished, [entry.status for entry in run.entries], len(run.rounds)))

    # a clock that stands still: nothing is held back
    bench = replace(bench, now=lambda: 0.0)
    challenge.run(found, bench, out, "", tell=tell)
    assert seen == [
        ("1 of 2 entries are evaluated", ["pending", "failed"], 0),
        ("all entries are evaluated, and timed in 0 of 1 rounds", ["ok", "failed"], 0),
        ("all entries are evaluated, and timed in 1 of 1 rounds", ["ok", "failed"], 1),
        ("", ["ok", "failed"], 1),
    ]
