"""`run --executor slurm` as it is typed: defaults from a file, left to a job, stopped by Ctrl-C."""

import csv
import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from harness import protocols
from harness.evaluation.bench import Bench
from harness.machines import environment
from harness.store.passes import Store
from tests.cluster.test_faults import SETTINGS, Parent
from tests.support import tiny
from tests.support.chores import Chore, begun
from tests.support.cluster import started, wait_for
from tests.support.places import ROOT

pytestmark = pytest.mark.heavy
DEFAULTS = """
partition = "gpu"
gres = "gpu:1"
exclusive = false
jobs = 1
job_minutes = 30
lease_s = 6.0
poll_s = 0.5
slurm = { mem = "1500M", comment = "by default" }
"""


@pytest.fixture(scope="module")
def cluster():
    with started() as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def calm(cluster):
    """Let what another test left come to its end."""
    wait_for(lambda: not cluster.queue())


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """Return a function that gives the command for entries, with the user's defaults in place."""
    home = tmp_path / "home" / ".config" / "esr-harness"
    home.mkdir(parents=True)
    (home / "slurm.toml").write_text(DEFAULTS)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ESR_HARNESS_CACHE", str(tmp_path / "cache"))
    data = tiny.write_data(tmp_path / "data")

    def command(*entries):
        paths = [str(tiny.SUBMISSIONS / entry) for entry in entries]
        return [
            *(sys.executable, "run_challenge.py", "run", *paths, "--executor", "slurm"),
            *("--protocol", str(tiny.PROTOCOL), "--data", str(data), "--device", "fake"),
            *("--out", str(tmp_path / "out")),
        ]

    return command


def ended(command, *more):
    return subprocess.run(
        [*command, *more], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )


def test_a_run_is_left_to_a_job_and_its_end_shown_by_the_same_command(cluster, typed, tmp_path):
    command = typed("good", "wrong_size")
    left = ended(command, "--detach")
    assert left.returncode == 0, left.stderr
    assert "makes the run and writes to " in left.stdout
    wait_for(lambda: not cluster.queue())
    log = next((tmp_path / "out" / "jobs").glob("esr-run-*/run.log")).read_text()
    shown = ended(command)
    assert shown.stdout.startswith("All 2 entries are finished: nothing is measured.\n"), log
    assert shown.returncode == 1  # one of them failed
    with (tmp_path / "out" / "leaderboard.csv").open(newline="") as stream:
        rows = {row["name"]: row["status"] for row in csv.DictReader(stream)}
    assert rows == {"good": "ok", "wrong size": "failed"}


@pytest.mark.parametrize(("answer", "left"), [("y", 0), ("n", 1)], ids=["cancelled", "left"])
def test_a_second_parent_is_refused_and_an_interrupt_asks_once(cluster, typed, answer, left):
    master, terminal = pty.openpty()

    def own_terminal():
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background ignores it
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        typed("hangs"),
        cwd=ROOT,
        stdin=terminal,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        preexec_fn=own_terminal,  # noqa: PLW1509
    )
    os.close(terminal)
    wait_for(lambda: "R" in cluster.queue("%t"))
    assert "by default" in cluster.queue("%k")[0]
    elsewhere = ["unshare", "--uts", "sh", "-c", 'hostname another && exec "$@"', "sh"]
    for second in (ended([*elsewhere, *typed("hangs")]), ended(typed("hangs"), "--detach")):
        assert f"is in use by a run of process {process.pid} on " in second.stderr
        assert second.returncode == 2
    shown = ""
    os.write(master, b"\x03")
    while "[y/N]" not in shown:
        shown += os.read(master, 4096).decode()
    os.write(master, f"{answer}\n".encode())
    try:
        while text := os.read(master, 4096).decode():
            shown += text
    except OSError:  # its end, on Linux
        pass
    os.close(master)
    assert process.wait(timeout=60) == 130
    assert shown.count("Cancel the 1 tasks of this run? Else they go on.") == 1
    assert "What is finished is kept; go on with:" in shown
    wait_for(lambda: len(cluster.queue()) == left)
    cluster.call("scancel", "--user=root")


@dataclass(frozen=True)
class TimedChore(Chore):
    """One that is timed."""

    timed: ClassVar[bool] = True


@pytest.mark.parametrize(
    ("chore", "exclusive", "shared"),
    [(TimedChore, True, "NO"), (TimedChore, False, "OK"), (Chore, True, "OK")],
    ids=["timed", "timed on shared nodes", "not timed"],
)
def test_what_is_timed_has_its_node_alone(cluster, tmp_path, chore, exclusive, shared):
    edition = protocols.load(tiny.PROTOCOL)
    # what is timed is timed on machines of the run's kind alone
    here = environment.machine("fake", edition.switches)
    bench = Bench(edition, (), "fake", Store(tmp_path / "out"), tiny.Recorder(), machine=here)
    settings = replace(SETTINGS, exclusive=exclusive)
    parent = Parent([chore("one", seconds=2)], bench, tmp_path / "out", settings)
    wait_for(lambda: "R" in cluster.queue("%t"))
    told = cluster.queue("%h")
    parent.ended()
    assert (told, begun(bench, "one")) == ([shared], 1)
