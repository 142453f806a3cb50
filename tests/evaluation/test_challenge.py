"""Whole broken and hostile submissions: each ends as its own row, none stops the others."""

import pytest

from harness.evaluation import evaluate
from tests.support import hostile, tiny
from tests.support.runs import render

# slug -> status, stage of the failure, what its reason must say
EXPECTED = {
    "changes_folder": ("ok", None, ""),
    "ends_process": ("failed", "process", "exit status 3"),
    "exits": ("failed", "forward", "a 64x64 image raised SystemExit: 3 (model.py, line 10)"),
    "factory_raises": ("failed", "load", "width must divide by 7 (model.py, line 5)"),
    "good": ("ok", None, ""),
    "kills_itself": ("failed", "process", "SIGSEGV"),
    "missing_package": (
        "failed",
        "load",
        "neither installed here nor among",
    ),
    "missing_weights": ("partial", "load", "weights.pth is not there"),
    "nan": ("failed", "forward", "NaN"),
    "out_of_memory": ("failed", "forward", "ran out of memory"),
    "prints_much": ("ok", None, ""),
    "raises_where_unasked": ("failed", "load", "'not_there' (model.py, line 16)"),
    "reads_arguments": ("ok", None, ""),
    "returns_nothing": ("ok", None, ""),
    "syntax_error": ("failed", "load", "model.py, line 3"),
    "writes_beside_itself": ("ok", None, ""),
    "wrong_dtype": ("failed", "forward", "int32"),
    "wrong_keys": ("failed", "load", "body.weight"),
    "wrong_manifest": ("failed", "manifest", "did you mean 'factory'?"),
    "wrong_size": ("failed", "forward", "[1, 3, 128, 128]"),
}


@pytest.fixture(scope="module")
def entries(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    paths = [tiny.SUBMISSIONS / slug for slug in EXPECTED]
    run, _ = tiny.run(folder / "out", tiny.write_data(folder / "data"), paths, time_limit=120)
    return {entry.slug: entry for entry in run.entries}


@pytest.mark.parametrize("slug", EXPECTED)
def test_each_fault_is_a_row_of_its_own(entries, slug):
    entry = entries[slug]
    status, stage, words = EXPECTED[slug]
    assert entry.status == status, entry.failure
    assert (entry.failure.stage if entry.failure else None) == stage
    assert words in (entry.failure.reason if entry.failure else "")


@pytest.mark.parametrize("slug", [s for s, (status, _, _) in EXPECTED.items() if status == "ok"])
def test_good_entries_among_faults_are_scored_and_timed(entries, slug):
    entry = entries[slug]
    assert [score.image for score in entry.scores] == ["a.png", "b.png"]
    assert all(5 < score.fidelity.psnr_db < 40 for score in entry.scores)
    # the fake clock: 0.1 ms per 1000 SR pixels; the cold first call of each size is not in it
    for made in entry.timing.visits:
        assert made.visit.samples_ms["valid"] == ((0.512, 0.512), (0.3264, 0.3264))


def test_missing_package_is_named(entries):
    assert "'a_package_that_nobody_has'" in entries["missing_package"].failure.reason


def test_partial_entries_have_their_complexity(entries):
    entry = entries["missing_weights"]
    assert entry.inspection.params == 3 * 48 * 9 + 48
    assert entry.inspection.complexity.flops["fvcore"].flops == 3 * 48 * 9 * 64 * 64
    assert entry.timing is None
    assert entry.scores == ()


def test_a_flood_of_output_is_cut_and_its_ends_are_kept(entries):
    log = entries["prints_much"].log
    assert log.startswith("spam spam")
    assert "bytes left out" in log
    assert len(log) < 300_000
    assert "hidden-work" not in entries["prints_much"].flags


def test_nothing_is_written_beside_a_submission(entries):
    assert entries["writes_beside_itself"].status == "ok"
    left = {path.name for path in (tiny.SUBMISSIONS / "writes_beside_itself").iterdir()}
    assert left == {"model.py", "submission.toml"}


def test_a_process_that_hangs_is_ended_at_the_limit(tmp_path):
    data = tiny.write_data(tmp_path / "data")
    run, _ = tiny.run(tmp_path / "out", data, [tiny.SUBMISSIONS / "hangs"], time_limit=6)
    (entry,) = run.entries
    assert entry.failure.stage == "process"
    assert "longer than 6 s" in entry.failure.reason


def test_who_answers_for_a_counter_that_it_tells_nothing_of_is_a_row(tmp_path):
    data = tiny.write_data(tmp_path / "data")
    run, _ = tiny.run(tmp_path / "out", data, [hostile.HOSTILE / "counts"])
    (entry,) = run.entries
    assert (entry.failure.stage, entry.failure.reason) == (
        "process",
        "the worker told of no figure of graph",
    )


def test_a_run_that_loses_every_entry_says_where_it_was_made_and_has_its_report(
    tmp_path, monkeypatch
):
    def broken(found, bench):
        raise KeyError("graph")

    monkeypatch.setattr(evaluate, "evaluate", broken)
    data = tiny.write_data(tmp_path / "data")
    run, _ = tiny.run(tmp_path / "out", data, [tiny.SUBMISSIONS / "good"])
    assert run.entries[0].failure.reason == "the harness could not go on with it: KeyError: 'graph'"
    assert run.identity["device"] == "fake"
    assert run.observed["date"]
    assert render(run, tmp_path / "out").is_file()
