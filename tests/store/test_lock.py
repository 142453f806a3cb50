"""One run at a time on a folder of results."""

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
import signal, sys
from pathlib import Path
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
