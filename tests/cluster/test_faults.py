"""What may die on a cluster: nothing is lost or done twice, and the row says what happened."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from harness import protocols
from harness.errors import InputError
from harness.evaluation.bench import Bench
from harness.evaluation.cluster import Cluster
from harness.evaluation.slurm import Settings
from harness.store.passes import Store
from tests.support import tiny
from tests.support.chores import Chore, begun, done
from tests.support.cluster import started, wait_for
from tests.support.places import ROOT

pytestmark = pytest.mark.heavy
SETTINGS = Settings(
    partition="gpu",
    gres="gpu:1",
    exclusive=False,
    jobs=4,
    job_minutes=30,
    slurm={"mem": "1500M"},
    lease_s=12.0,  # a busy machine may keep a task from renewing its claim
    poll_s=0.5,
)


@pytest.fixture(scope="module")
def cluster():
    with started() as cluster:
        yield cluster


@pytest.fixture
def bench(tmp_path):
    edition = protocols.load(tiny.PROTOCOL)
    return Bench(edition, (), "fake", Store(tmp_path / "out"), tiny.Recorder())


class Parent(threading.Thread):
    """A parent that has chores done, beside a test that makes trouble."""

    def __init__(self, chores, bench, out, settings=SETTINGS):
        super().__init__(daemon=True)
        self._work = lambda: Cluster(settings, out).carry_out(chores, bench)
        self._ended, self._error = None, None
        self.start()

    def run(self):
        try:
            self._ended = self._work()
        except Exception as error:
            self._error = error

    def ended(self, seconds=400):
        self.join(seconds)
        assert self._error is None, self._error
        assert self._ended is not None, "the parent still waits"
        return self._ended


def claims(out):
    """Return what the claims of a run tell of their holders, each with its unit's key."""
    found = []
    for file in (out / "jobs" / "claims").glob("*.claim"):
        with contextlib.suppress(OSError, ValueError):  # given back, or not yet whole
            found.append(json.loads(file.read_text()) | {"key": file.name.removesuffix(".claim")})
    return found


def nodes_at_work(out):
    return {claim["node"] for claim in claims(out)}


def test_tasks_nodes_and_the_controller_die_and_nothing_is_lost(cluster, bench, tmp_path):
    chores = [Chore(f"chore{number}", seconds=4, first_seconds=4) for number in range(9)]
    parent = Parent(chores, bench, tmp_path / "out")
    wait_for(cluster.queue)
    cluster.kill_controller()  # just after the submission: the job may be forgotten
    cluster.start_controller()
    wait_for(lambda: len(nodes_at_work(tmp_path / "out")) >= 2)
    killed, drained = sorted(nodes_at_work(tmp_path / "out"))[:2]
    cluster.kill_node(killed)
    cluster.call("scontrol", "update", f"nodename={killed}", "state=down", "reason=test")
    cluster.call("scontrol", "update", f"nodename={drained}", "state=drain", "reason=test")
    for task in sorted(cluster.processes(drained))[-1:]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(task, signal.SIGKILL)
    cluster.kill_controller()
    time.sleep(2)
    cluster.start_controller()
    ended = parent.ended()
    assert all(done(bench, chore.name) for chore in chores)
    assert [end.lost for end in ended] == [""] * 9
    assert any(end.retried for end in ended)
    # nothing is done again but what was lost
    again = [end.retried.count("; ") + 1 if end.retried else 0 for end in ended]
    assert [begun(bench, chore.name) for chore in chores] == [1 + count for count in again]
    cluster.start_node(killed)
    # a controller that was killed may have forgotten the drain
    cluster.call("scontrol", "update", f"nodename={drained}", "state=resume", check=False)


def test_a_preempted_task_gives_its_unit_back_and_it_is_done_once_more(cluster, bench, tmp_path):
    chores = [Chore(f"chore{number}", seconds=1, first_seconds=300) for number in range(2)]
    parent = Parent(chores, bench, tmp_path / "out")
    wait_for(lambda: sum(begun(bench, chore.name) for chore in chores) == 2)
    at_work = ",".join(sorted(nodes_at_work(tmp_path / "out")))
    cluster.call(
        "sbatch", "-p", "urgent", "-w", at_work, f"-N{at_work.count(',') + 1}", "--exclusive",
        "-o", "/dev/null", "--wrap", "sleep 1",
    )  # fmt: skip
    ended = parent.ended()
    assert [end.lost for end in ended] == ["", ""]
    assert [begun(bench, chore.name) for chore in chores] == [2, 2]
    # started again by Slurm, or taken over by a task that was free
    assert {end.machine.site.restarts for end in ended} <= {0, 1}


def test_time_limit_memory_and_errors_end_as_rows_that_say_so(cluster, bench, tmp_path):
    chores = [
        Chore("slow", seconds=1, first_seconds=300),
        Chore("hoards", hoards=True, seconds=20),
        Chore("raises", raises=True),
        Chore("good"),
    ]
    parent = Parent(chores, bench, tmp_path / "out")
    wait_for(lambda: begun(bench, "slow"))
    key = chores[0].key(bench)
    (job,) = (claim["job"] for claim in claims(tmp_path / "out") if claim["key"] == key)
    cluster.call("scontrol", "update", f"jobid={job}", "timelimit=1")
    slow, hoards, raises, good = parent.ended()
    assert (slow.lost, slow.retried, begun(bench, "slow")) == ("", "", 2)
    assert hoards.lost.startswith("it was lost 3 times: its task was ")
    assert begun(bench, "hoards") == 3
    assert raises.lost.startswith("it was lost 3 times: OSError: no space left on device (job ")
    assert begun(bench, "raises") == 3
    assert (good.lost, begun(bench, "good")) == ("", 1)


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.cluster.test_faults import *
edition = protocols.load(tiny.PROTOCOL)
bench = Bench(edition, (), "fake", Store(Path({out!r})), tiny.Recorder())
chores = [Chore(f"chore{{number}}", seconds=5) for number in range(6)]
ended = Cluster(replace(SETTINGS, jobs=2), Path({out!r})).carry_out(chores, bench)
print([end.lost for end in ended])
"""


def test_a_parent_that_is_killed_is_followed_by_one_on_another_host(cluster, bench, tmp_path):
    script = SCRIPT.format(root=str(ROOT), out=str(tmp_path / "out"))
    first = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    wait_for(lambda: any(done(bench, f"chore{number}") for number in range(6)))
    first.kill()
    first.wait()
    elsewhere = 'hostname another && exec "$@"'
    command = ["unshare", "--uts", "sh", "-c", elsewhere, "sh", sys.executable, "-c", script]
    second = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert second.stdout.strip() == str([""] * 6), second.stderr
    assert [begun(bench, f"chore{number}") for number in range(6)] == [1] * 6
    submissions = list((tmp_path / "out" / "jobs").glob("esr-*/submission-*"))
    assert len(submissions) == 1  # the tasks of the first parent went on


def test_a_submission_that_was_cut_off_is_made_again(cluster, bench, tmp_path, monkeypatch):
    sbatch = tmp_path / "bin" / "sbatch"
    sbatch.parent.mkdir()
    cut = "sbatch: error: Batch job submission failed: Connection reset by peer"
    sbatch.write_text(
        f'#!/bin/sh\n[ -e {tmp_path}/cut ] || {{ : > {tmp_path}/cut; echo "{cut}" >&2; exit 1; }}\n'
        f'exec {shutil.which("sbatch")} "$@"\n'
    )
    sbatch.chmod(0o755)
    monkeypatch.setenv("PATH", str(sbatch.parent), prepend=os.pathsep)
    (end,) = Cluster(SETTINGS, tmp_path / "out").carry_out([Chore("one")], bench)
    assert (tmp_path / "cut").exists()
    assert (end.lost, begun(bench, "one")) == ("", 1)


def test_what_slurm_goes_on_refusing_is_said(cluster, bench, tmp_path):
    executor = Cluster(replace(SETTINGS, partition="nowhere"), tmp_path / "out")
    with pytest.raises(InputError, match="Invalid partition name"):
        executor.carry_out([Chore("one")], bench)
