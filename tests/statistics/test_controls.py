"""The control entry: the baseline as an ordinary entry, which says how far two cards agree."""

import math
from dataclasses import replace

import pytest

from harness.ranking.leaderboard import of_run
from harness.records import Round, RoundVisit, Site
from harness.statistics import runtimes
from tests.support import runs, timed


def run(second, cards=("GPU-1", "GPU-2")):
    """Return a run of two sessions; in the second, the control took `second` of its brackets."""
    visits, rounds = [], []
    for session, ratio in enumerate((1.0, second)):
        for number, wobble in enumerate(timed.WOBBLE):
            took = {"start": 10.0, "control": 10.0 * ratio * math.exp(wobble), "end": 10.0}
            visits += [
                RoundVisit(session, number, place, timed.visit(ms)) for place, ms in took.items()
            ]
            site = Site(cards[session], f"node{session}", str(session + 7))
            rounds.append(Round(session, number, (), site=site))
    entry = timed.entry("good", visits)
    made = runs.made(1)
    return replace(made, protocol=timed.EDITION, entries=(entry,), rounds=tuple(rounds))


def test_a_control_is_compared_with_its_own_brackets_and_is_no_sample_of_the_baseline():
    (entry,) = run(1.02).entries
    found = runtimes.controls(entry)
    mean = sum(timed.WOBBLE) / len(timed.WOBBLE)
    assert found[0].mean == pytest.approx(mean)
    assert found[1].mean == pytest.approx(mean + math.log(1.02))
    assert set(runtimes.of_entries([entry])["good"].logs.values()) == {0.0}


def test_cards_are_named_and_where_they_do_not_agree_it_is_said():
    notes = " | ".join(of_run(run(1.02)).notes)
    assert "session 1 was played on GPU-1 in node0, job 7" in notes
    assert "session 2 was played on GPU-2 in node1, job 8" in notes
    assert "sessions 1 and 2 do not agree" in notes


def test_cards_that_agree_are_named_alone():
    notes = " | ".join(of_run(run(1.0)).notes)
    assert "session 2 was played on GPU-2" in notes
    assert "do not agree" not in notes


def test_of_one_card_nothing_is_said():
    alike = run(1.0, cards=("GPU-1", "GPU-1"))
    one = tuple(replace(done, site=Site("GPU-1", "node0", "7")) for done in alike.rounds)
    assert "played on" not in " | ".join(of_run(replace(alike, rounds=one)).notes)
