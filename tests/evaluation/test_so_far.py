"""A run that is not finished: what it writes after every entry and every round."""

from harness import protocols
from harness.cli.run import _render_to
from harness.entries.discovery import discover
from harness.evaluation import challenge
from harness.evaluation.bench import Bench
from harness.images.cache import ImageCache
from harness.images.datasets import open_splits
from harness.store.passes import Store
from harness.store.runs import load_run
from tests.support import tiny


def test_every_entry_and_round_is_written_and_rendered(tmp_path):
    edition = protocols.load(tiny.PROTOCOL)
    data = tiny.write_data(tmp_path / "data")
    splits = open_splits(edition, data, cache=ImageCache(data / "cache"))
    found = discover([tiny.SUBMISSIONS / "good", tiny.SUBMISSIONS / "wrong_manifest"])
    out, seen = tmp_path / "out", []

    def tell(run):
        assert load_run(out) == run
        _render_to(out)(run)
        page = (out / "report" / "index.html").read_text()
        assert ('http-equiv="refresh"' in page) == bool(run.unfinished)
        assert ("this run is not finished" in page) == bool(run.unfinished)
        seen.append((run.unfinished, [entry.status for entry in run.entries], len(run.rounds)))

    # a clock that stands still: nothing is held back
    bench = Bench(edition, splits, "fake", Store(out), tiny.Recorder(), now=lambda: 0.0)
    challenge.run(found, bench, out, "", tell=tell)
    assert seen == [
        ("0 of 2 entries are evaluated", ["pending", "pending"], 0),
        ("1 of 2 entries are evaluated", ["ok", "pending"], 0),
        ("2 of 2 entries are evaluated", ["ok", "failed"], 0),
        ("all entries are evaluated, and timed in 1 of 1 rounds", ["ok", "failed"], 1),
        ("", ["ok", "failed"], 1),
    ]
