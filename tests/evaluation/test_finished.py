"""A finished run is recognised without its outcomes; whatever changes, and it is looked at anew."""

import os
import shutil
from dataclasses import replace

import pytest

from harness import protocols
from harness.entries.discovery import discover
from harness.evaluation import finished
from harness.evaluation.bench import Bench
from harness.images.cache import ImageCache
from harness.images.datasets import open_splits
from harness.store.passes import Store
from tests.support import tiny

SAID = {"table": "1  good", "page": "index.html"}


@pytest.fixture
def made(tmp_path):
    """Return the folder of a run that is said to be finished, and its bench."""
    edition = protocols.load(tiny.PROTOCOL)
    cache = ImageCache(tmp_path / "cache")
    splits = open_splits(edition, tiny.write_data(tmp_path / "data"), cache=cache)
    for slug in ("good", "wrong_manifest"):
        shutil.copytree(tiny.SUBMISSIONS / slug, tmp_path / "entries" / slug)
    out = tmp_path / "out"
    bench = Bench(edition, splits, "fake", Store(out), tiny.Recorder())
    bench.store.put("restore", "a" * 64, {})
    (out / "results.json").write_text("{}")
    finished.keep(out, discover([tmp_path / "entries"]), bench, SAID)
    return out, bench


def said(made, **changes):
    out, bench = made
    found = discover([out.parent / "entries"])
    return finished.said(out, found, replace(bench, **changes))


def test_the_same_run_is_finished_and_tells_what_was_said(made):
    assert said(made) == SAID
    assert said(made, time_limit=1.0) == SAID


def rewritten(out):
    file = out / "results.json"
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))


CHANGES = {
    "an entry": lambda out: (out.parent / "entries/good/more.py").write_text("# more"),
    "a fault": lambda out: (out.parent / "entries/wrong_manifest/submission.toml").write_text("x"),
    "one entry less": lambda out: shutil.rmtree(out.parent / "entries/good"),
    "the results": rewritten,
    "the store": lambda out: (out / "store/restore" / f"{'a' * 64}.json").unlink(),
    "a file of the run": lambda out: (out / "leaderboard.csv").write_text("name"),
    "its own file": lambda out: (out / "finished.json").write_text("{"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_the_run_is_looked_at_anew(made, change):
    change(made[0])
    assert said(made) is None


@pytest.mark.parametrize("asked", ["fresh", "retry_failed", "keep_sr"])
def test_what_is_to_be_made_again_is_not_finished(made, asked):
    assert said(made, **{asked: True}) is None


def test_other_rules_and_other_devices_are_another_run(made):
    edition = made[1].protocol
    assert said(made, protocol=replace(edition, border=edition.border + 1)) is None
    assert said(made, device="cpu") is None
    assert said(made, budget_minutes=5.0) is None
