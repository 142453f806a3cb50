"""Progress on a terminal and elsewhere, and how a run is stopped from the keyboard."""

import csv
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from functools import partial

import pytest

from harness import cli
from harness.cli.progress import PlainProgress
from reports import PUBLISHED
from tests.support import tiny
from tests.support.places import ROOT


def started(tmp_path, stderr, entry):
    data = tiny.write_data(tmp_path / "data")
    command = [sys.executable, "run_challenge.py", "run", str(tiny.SUBMISSIONS / entry)]
    command += ["--protocol", str(tiny.PROTOCOL), "--data", str(data), "--device", "fake"]
    environment = os.environ | {"ESR_HARNESS_CACHE": str(tmp_path / "cache")}
    return subprocess.Popen(
        [*command, "--out", str(tmp_path / "out")],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        # whoever runs the tests in the background may have told them to ignore it
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def test_the_time_left_goes_on_within_a_round(capsys, monkeypatch):
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    shown = PlainProgress()
    shown.begin("SPAN", "inspect", 0)
    shown.at(1, 3, 290.0)
    shown.begin("SPAN", "time", 4)
    now_s += 130
    shown.begin("RLFN", "time", 4)
    shown.at(2, 3)
    shown.begin("RLFN", "time", 4)
    assert capsys.readouterr().err.splitlines() == [
        "SPAN: inspect",
        "[1/3, 5 min left] SPAN: time",
        "[1/3, 3 min left] RLFN: time",
        "[2/3] RLFN: time",
    ]


@pytest.mark.heavy
def test_a_terminal_shows_one_live_bar(tmp_path):
    master, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    process = started(tmp_path, terminal, "good")
    os.close(terminal)
    shown = _read_all(master)
    printed, _ = process.communicate()
    assert process.returncode == 0
    assert "[1/1] good: restore" in shown
    assert "[1/1] good: time" in shown
    assert "\n" not in shown.strip()  # it stays on its line
    assert "Report: " in printed


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize(
    "arguments", [["rank", str(PUBLISHED / "ntire2026.csv")], ["run", "--dry-run"]]
)
def test_tables_fit_the_terminal(tmp_path, columns, arguments):
    master, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, columns))
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    process = subprocess.Popen(
        [sys.executable, ROOT / "run_challenge.py", *arguments],
        cwd=tmp_path,
        env=environment | {"ESR_HARNESS_CACHE": str(tmp_path / "cache")},
        stdout=terminal,
        stderr=subprocess.PIPE,
    )
    os.close(terminal)
    shown = _read_all(master).splitlines()
    _, said = process.communicate()
    assert process.returncode == 0, said
    rule = next(number for number, line in enumerate(shown) if line.startswith("----"))
    table = shown[rule - 1 : next(n for n in range(rule, len(shown)) if not shown[n])]
    assert len(table) > 4
    assert max(map(len, table)) <= columns


def test_an_interrupt_stops_at_once_and_says_how_to_go_on(tmp_path):
    process = started(tmp_path, subprocess.PIPE, "hangs")
    for line in process.stderr:
        if "hangs: inspect" in line:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped. What is finished is kept; go on with: python run_challenge.py run" in said
    assert f"report {tmp_path / 'out'}" in said
    assert "Traceback" not in said
    assert cli.main(["report", str(tmp_path / "out")]) == cli.OK
    with (tmp_path / "out" / "leaderboard.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["name"], row["status"], row["reason"]) == ("hangs", "pending", "not measured yet")


def _read_all(master):
    """Read a terminal until its last writer has gone, which Linux tells by an error."""
    shown = b""
    with os.fdopen(master, "rb", buffering=0) as stream:
        while True:
            try:
                shown += stream.read(4096)
            except OSError:
                return shown.decode()
