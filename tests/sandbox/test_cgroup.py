"""Control groups: limits that all processes of a pass share, and nothing of them left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.sandbox import cgroup
from harness.sandbox.staging import remove_leftovers

LARGE = "x = bytearray(400 * 2**20); print(sum(x[::4096]))"


def groups(joined):
    """Return the groups that a command is to be put in."""
    return [Path(word) for word in joined if word.startswith("/sys/")]


@pytest.fixture
def joined():
    """Return what puts a command into groups of at most 100 processes and 200 MiB."""
    with cgroup.limited(100, 200 * 2**20) as made:
        if not made:
            pytest.skip("no control group can be made here")
        yield made


def test_memory_is_that_of_all_processes_together(joined):
    if not any((group / "memory.max_usage_in_bytes").exists() for group in groups(joined)):
        pytest.skip("the memory of control groups is not limited here")
    half = LARGE.replace("400", "120")
    one = [*joined, sys.executable, "-c", half]
    assert subprocess.run(one, check=False, capture_output=True).returncode == 0
    again = f"subprocess.run([sys.executable, '-c', {half!r}]).returncode"
    both = f"import subprocess, sys; {half}; sys.exit({again})"
    ended = subprocess.run([*joined, sys.executable, "-c", both], check=False, capture_output=True)
    assert ended.returncode != 0


def test_what_is_left_in_a_group_is_killed_and_the_group_goes():
    with cgroup.limited(100, 2**30) as joined:
        if not joined:
            pytest.skip("no control group can be made here")
        left = subprocess.Popen([*joined, "sleep", "600"], start_new_session=True)
        for group in groups(joined):
            while not (group / "cgroup.procs").read_text():
                assert left.poll() is None
        made = groups(joined)
    assert left.wait(timeout=60) == -signal.SIGKILL
    assert not any(group.exists() for group in made)


def test_empty_groups_of_runs_that_were_killed_are_removed(joined):
    gone = subprocess.Popen(["true"])
    gone.wait()
    names = [f"esr-harness-{gone.pid}-0a", f"esr-harness-{os.getpid()}-0a", "esr-harness-notes"]
    places = [group.with_name(name) for group in groups(joined) for name in names]
    for place in places:
        place.mkdir()
    remove_leftovers()
    left = [place for place in places if place.exists()]
    for place in left:
        place.rmdir()
    assert left == [place for place in places if not place.name.endswith(f"{gone.pid}-0a")]
