"""Which jail is chosen, and what is said of it."""

import ctypes
import subprocess
import sys
from dataclasses import replace

import pytest

from harness.errors import InputError
from harness.ranking.leaderboard import of_run
from harness.sandbox import jail
from tests.support import runs
from tests.support.places import ROOT

_GET_DUMPABLE, _GET_CHILD_SUBREAPER = 3, 37  # prctl(2)
CHOSEN = "from harness.sandbox import jail; print(jail.chosen().level)"


@pytest.fixture
def forgotten():
    """Let the jail be chosen again, before and after."""
    jail.chosen.cache_clear()
    yield
    jail.chosen.cache_clear()


@pytest.mark.skipif(not jail.works(jail.Bubblewrap()), reason="bubblewrap does not work here")
def test_bubblewrap_is_chosen_where_it_works(forgotten):
    assert jail.chosen().level == "bubblewrap"


@pytest.mark.skipif(not jail.works(jail.Bubblewrap()), reason="bubblewrap does not work here")
@pytest.mark.skipif(not jail.works(jail.Landlock()), reason="the kernel has no Landlock")
def test_landlock_takes_its_place_where_user_namespaces_are_refused():
    refused = ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--disable-userns"]
    told = subprocess.check_output([*refused, sys.executable, "-c", CHOSEN], cwd=ROOT, text=True)
    assert told == "landlock\n"


def test_where_nothing_works_a_run_can_be_refused(forgotten, monkeypatch):
    monkeypatch.setattr(jail, "works", lambda _: False)
    assert jail.chosen().level == "none"
    with pytest.raises(InputError, match="cannot be isolated here: install bubblewrap"):
        jail.required()


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("none", "trusted code: no jail kept the entries from files, network and other processes"),
        ("bubblewrap", "each pass ran in a jail of its own by bubblewrap: no network"),
        ("landlock", "each pass was confined by Landlock: no network"),
    ],
)
def test_the_leaderboard_says_what_entries_were_kept_from(level, said):
    notes = of_run(replace(runs.made(2, 4), isolation=level)).notes
    assert [note.startswith(said) for note in notes].count(True) == 1


def test_of_a_run_that_did_not_say_nothing_is_said():
    assert not any("jail" in note for note in of_run(runs.made(2, 4)).notes)


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_the_harness_cannot_be_read_and_adopts_what_is_left():
    jail.harden()
    libc, told = ctypes.CDLL(None), ctypes.c_int()
    libc.prctl(_GET_CHILD_SUBREAPER, ctypes.byref(told), 0, 0, 0)
    assert (libc.prctl(_GET_DUMPABLE, 0, 0, 0, 0), told.value) == (0, 1)
