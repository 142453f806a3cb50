"""What a worker's process is given, and what it is not."""

import pytest

from tests.support import tiny


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("isolation")
    paths = [tiny.SUBMISSIONS / name for name in ("snoops", "switches", "tampers")]
    data = tiny.write_data(folder / "data")
    run, _ = tiny.run(folder / "out", data, paths, time_limit=60.0)
    return folder, {entry.slug: entry for entry in run.entries}


def test_nothing_of_the_project_can_be_imported(runs):
    _, entries = runs
    assert entries["snoops"].status == "ok", entries["snoops"].failure
    assert "imported" not in entries["snoops"].log


def test_paths_of_hr_images_results_and_other_entries_are_not_told(runs):
    folder, entries = runs
    log = entries["snoops"].log
    assert "esr-harness-" in log  # it did print where it is
    for hidden in (str(folder), str(tiny.SUBMISSIONS), "valid_HR", "a.png", "b.png"):
        assert hidden not in log


def test_no_lr_image_is_there_before_it_is_handed_over(runs):
    _, entries = runs
    assert "'job.json', 'submission', 'submission/model.py'" in entries["snoops"].log
    assert ".npy" not in entries["snoops"].log


def test_a_worker_is_not_told_whether_it_is_timed(runs):
    _, entries = runs
    assert '"pass_name": "restore"' in entries["snoops"].log
    assert '"time"' not in entries["snoops"].log


def test_switches_that_an_entry_changed_are_flagged(runs):
    _, entries = runs
    flag = entries["switches"].flags["switches-changed"]
    assert "threads" in flag
    assert "cudnn_benchmark" in flag
    assert "switches-changed" not in entries["snoops"].flags


def test_an_entry_that_tampers_with_the_clock_is_flagged(runs):
    _, entries = runs
    assert entries["tampers"].status == "ok"  # its thread, which sleeps for long, is not waited for
    flags = entries["tampers"].flags
    assert flags["clock-replaced"].endswith("the clock: time.perf_counter_ns")
    assert flags["threads-left"].endswith("1 threads running: lingers")
    assert flags["nondeterministic"].endswith("than ordinary ones, 2 of 2")
    assert (
        not {"clock-replaced", "threads-left", "nondeterministic"} & entries["snoops"].flags.keys()
    )
