"""The store: what is measured again, and what is not."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness import protocols
from harness.store.runs import load_run
from tests.support import tiny
from tests.support.places import ROOT

GOOD = tiny.SUBMISSIONS / "good"
EDITION = protocols.load(tiny.PROTOCOL)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    tiny.run(folder / "out", tiny.write_data(folder / "data"), [GOOD])
    return folder


@pytest.fixture
def measured(finished, tmp_path):
    """Return the out and data folders of a finished run, to do with as one likes."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    return tmp_path / "out", tmp_path / "data"


def stages(recorder):
    return [stage for _, stage in recorder.stages]


def test_running_again_measures_nothing_and_gives_the_same(measured):
    out, data = measured
    before = load_run(out)
    run, recorder = tiny.run(out, data, [GOOD])
    assert recorder.stages == []
    assert run.entries == before.entries


def test_the_score_and_thresholds_are_in_no_key(measured):
    out, data = measured
    track = replace(EDITION.tracks[0], weights={"flops": 0.3, "runtime_ms": 0.7})
    split = replace(EDITION.splits[0], threshold=None)
    edition = replace(EDITION, tracks=(track,), splits=(split,))
    _, recorder = tiny.run(out, data, [GOOD], edition=edition)
    assert recorder.stages == []


def test_a_split_of_another_name_has_the_scores_of_its_images(measured):
    out, data = measured
    before = load_run(out).entries[0].scores
    split = replace(EDITION.splits[0], name="test")
    edition = replace(EDITION, splits=(split,), timing=replace(EDITION.timing, rounds=0))
    run, recorder = tiny.run(out, data, [GOOD], edition=edition)
    assert stages(recorder) == []
    assert run.entries[0].scores == tuple(replace(score, split="test") for score in before)


def test_more_sweeps_measure_only_time(measured):
    out, data = measured
    edition = replace(EDITION, timing=replace(EDITION.timing, sweeps=3))
    run, recorder = tiny.run(out, data, [GOOD], edition=edition)
    assert stages(recorder) == ["time", "time"]  # the baseline's bracket
    assert len(run.entries[0].timing.visits[0].visit.samples_ms["valid"][0]) == 3


def test_another_hr_image_is_restored_and_scored_again(measured):
    out, data = measured
    (data / "valid_HR" / "a.png").write_bytes((data / "valid_LR" / "ax4.png").read_bytes())
    tiny.write_pair(data, "a", 16, 20)
    hr = data / "valid_HR" / "b.png"
    tiny.write_pair(data, "c", 17, 12)
    hr.unlink()
    (data / "valid_LR" / "bx4.png").unlink()
    run, recorder = tiny.run(out, data, [GOOD])
    assert stages(recorder) == []  # the same pixels under another name
    assert [score.image for score in run.entries[0].scores] == ["a.png", "c.png"]


@pytest.mark.heavy
def test_a_changed_file_of_the_submission_measures_everything(measured, tmp_path):
    out, data = measured
    copy = tmp_path / "good"
    copy.mkdir()
    for file in GOOD.iterdir():
        if file.is_file():
            (copy / file.name).write_bytes(file.read_bytes())
    _, recorder = tiny.run(out, data, [copy])
    assert stages(recorder) == []  # a moved submission is the same submission
    (copy / "model.py").write_text((copy / "model.py").read_text() + "\n# changed\n")
    _, recorder = tiny.run(out, data, [copy])
    assert stages(recorder) == ["inspect", "restore", "time", "time"]


def test_a_failure_is_kept_until_it_is_to_be_tried_again(tmp_path):
    out, data = tmp_path / "out", tiny.write_data(tmp_path / "data")
    entries = [tiny.SUBMISSIONS / "wrong_size"]
    tiny.run(out, data, entries)
    run, recorder = tiny.run(out, data, entries)
    assert recorder.stages == []
    assert run.entries[0].status == "failed"
    _, recorder = tiny.run(out, data, entries, retry_failed=True)
    assert stages(recorder) == ["inspect"]


def test_fresh_measures_everything(measured):
    out, data = measured
    _, recorder = tiny.run(out, data, [GOOD], fresh=True)
    assert stages(recorder) == ["inspect", "restore", "time", "time"]


@pytest.mark.heavy
def test_a_killed_run_keeps_what_was_finished_and_leaves_no_process(tmp_path):
    out, data = tmp_path / "out", tiny.write_data(tmp_path / "data")
    command = [
        sys.executable,
        "run_challenge.py",
        "run",
        str(GOOD),
        str(tiny.SUBMISSIONS / "hangs"),
    ]
    command += ["--protocol", str(tiny.PROTOCOL), "--data", str(data), "--out", str(out)]
    environment = os.environ | {"ESR_HARNESS_CACHE": str(tmp_path / "cache")}
    process = subprocess.Popen(
        [*command, "--device", "fake"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    for line in process.stderr:
        if "hangs: inspect" in line:
            break
    worker = _wait_for(lambda: _children(process.pid))
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    _wait_for(lambda: all(_ended(pid) for pid in worker))
    assert load_run(out).unfinished == "1 of 2 entries are evaluated"
    kept = {path.parent.name for path in (out / "store").rglob("*.json")}
    assert kept == {"inspect", "restore"}
    assert all(json.loads(path.read_text()) for path in (out / "store").rglob("*.json"))
    _, recorder = tiny.run(out, data, [GOOD])
    assert stages(recorder) == ["time", "time"]


def _children(pid):
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]


def _ended(pid):
    status = Path(f"/proc/{pid}/status")
    return not status.exists() or "State:\tZ" in status.read_text()


def _wait_for(condition, seconds=60):
    for _ in range(seconds * 20):
        if found := condition():
            return found
        time.sleep(0.05)
    raise TimeoutError
