"""One run at a time on a folder of results."""

import fcntl
import os
import signal
import subprocess
import sys

import pytest

from harness.errors import RunError
from harness.store import lock
from tests.support import tiny
from tests.support.places import ROOT

HOLDS = """
import fcntl, signal, sys
from pathlib import Path
if len(sys.argv) > 2:
    fcntl.flock = lambda *_: None
from harness.store import lock
with lock.held(Path(sys.argv[1])):
    print("held", flush=True)
    signal.pause()
"""


def test_a_second_run_is_refused_with_the_process_and_the_start_of_the_first(tmp_path):
    with lock.held(tmp_path), pytest.raises(RunError) as caught, lock.held(tmp_path):
        pytest.fail("it was held twice")
    said = str(caught.value)
    assert f"{tmp_path} is in use by a run of process {os.getpid()} on " in said
    assert "begun 2" in said


def test_a_run_holds_its_folder_while_it_measures(tmp_path):
    data = tiny.write_data(tmp_path / "data")
    with lock.held(tmp_path / "out"), pytest.raises(RunError, match="is in use by a run"):
        tiny.run(tmp_path / "out", data, [tiny.SUBMISSIONS / "good"])


def test_one_that_was_killed_holds_it_no_longer(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(RunError, match=f"process {holder.pid} "), lock.held(tmp_path):
        pytest.fail("it was held twice")
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with lock.held(tmp_path):
        pass


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Hold the folder from another host, of whose locks this one is told nothing."""
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    monkeypatch.setattr(lock, "_WATCHED_S", 3.0)
    another = ["unshare", "--uts", "sh", "-c", 'hostname another && exec "$@"', "sh"]
    if subprocess.run([*another, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no other host name can be had here")
    holder = subprocess.Popen(
        [*another, sys.executable, "-c", HOLDS, tmp_path, "silently"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    yield holder
    holder.kill()
    holder.communicate()


def test_one_on_another_host_is_heard_of_though_its_lock_is_not_seen(elsewhere, tmp_path):
    refused = rf"process {elsewhere.pid} on another, .* dead, remove {tmp_path}/\.lock"
    with pytest.raises(RunError, match=refused), lock.held(tmp_path):
        pytest.fail("it was held twice")


def test_one_that_died_on_another_host_is_told_of_and_followed(elsewhere, tmp_path):
    elsewhere.kill()
    elsewhere.wait()
    told = []
    with lock.held(tmp_path, told.append):
        assert f"not let go of by a run of process {elsewhere.pid} on another, begun 2" in told[0]
        assert told[1:] == ["It does not: this run goes on where that one stopped."]
    with lock.held(tmp_path, told.append):  # that one was let go of
        assert len(told) == 2
