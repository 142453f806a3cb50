"""Sessions of timing: what is stored, what still counts, and the budget."""

from collections import defaultdict
from dataclasses import dataclass, replace

import pytest

from harness.evaluation import rounds
from harness.records import DeviceState, Failure, Machine, RoundVisit, Timing, Visit
from harness.statistics import runtimes
from tests.support.scripted import (
    BASE,
    EDITION,
    POLICY,
    A,
    B,
    C,
    ScriptedBench,
    again,
    bench_in,
    with_rounds,
)


@pytest.fixture
def bench(tmp_path):
    return bench_in(tmp_path)


# ---------------------------------------------------------------- the store


def test_a_run_that_is_killed_loses_no_finished_visit(bench):
    class KilledError(Exception):
        pass

    def kill(name, *_):
        if len(bench.made) == 4:
            raise KilledError

    bench.progress.begin = kill
    original = ScriptedBench.run

    @dataclass(frozen=True)
    class Killed(ScriptedBench):
        def run(self, *arguments, **rest):
            kill("")
            return original(self, *arguments, **rest)

    killed = Killed(**vars(bench))
    with pytest.raises(KilledError):
        rounds.time([A, BASE], killed)
    later = again(bench)
    _, made = rounds.time([A, BASE], later)
    assert len(later.made) == 9 - 4
    assert {done.session for done in made} == {0}


def test_a_finished_timing_is_not_measured_again(bench):
    first = rounds.time([A, BASE, B], bench)
    later = again(bench)
    assert rounds.time([A, BASE, B], later) == first
    assert later.made == []
    entries, _ = rounds.time([A, BASE], later)  # nor a part of it
    assert entries["a"] == first[0]["a"]
    assert rounds.time([BASE], later)[0]["good"] == first[0]["good"]
    assert later.made == []


def test_more_rounds_go_on_with_the_session(bench):
    first, _ = rounds.time([A, BASE], bench)
    later = with_rounds(bench, 5)
    entries, made = rounds.time([A, BASE], later)
    assert len(later.made) == 6
    assert entries["a"].timing.visits[:3] == first["a"].timing.visits
    assert [(done.session, done.number) for done in made] == [(0, n) for n in range(5)]


def test_more_rounds_for_a_part_of_a_session_are_a_session_of_their_own(bench):
    rounds.time([A, BASE, B], bench)
    later = with_rounds(bench, 4)
    entries, made = rounds.time([A, BASE], later)
    assert len(later.made) == 12  # a late visit may not lean on old brackets
    assert {done.session for done in made} == {1}
    assert len(entries["a"].timing.visits) == 4


def test_an_entry_added_later_opens_a_session_with_brackets_of_its_own(bench):
    rounds.time([A, BASE], bench)
    later = again(bench, speeds={"good": 20.0, "A": 10.0, "C": 20.0})  # a slower day
    entries, made = rounds.time([A, BASE, C], later)
    assert len(later.made) == 9
    assert set(later.made) == {"good", "C"}
    assert {done.session for done in made} == {0, 1}
    found = runtimes.of_entries(list(entries.values()))
    assert found["c"].ms == pytest.approx(found["good"].ms)
    assert found["a"].ms == pytest.approx(found["good"].ms / 2)


def changed_edition(**changes):
    return {"protocol": replace(EDITION, **{"timing": POLICY} | changes)}


@pytest.mark.parametrize(
    "change",
    [
        lambda bench: {"machine": Machine({"gpu": "another"})},
        lambda bench: {"splits": (replace(bench.splits[0], pairs=bench.splits[0].pairs[::-1]),)},
        lambda bench: changed_edition(timing=replace(POLICY, sweeps=2)),
        lambda bench: changed_edition(timing=replace(POLICY, drift=0.1)),
        lambda bench: changed_edition(switches=replace(EDITION.switches, threads=1)),
        lambda bench: {},
    ],
    ids=["device", "LR images", "sweeps", "bound of drift", "switches", "nothing"],
)
def test_visits_count_only_with_those_made_under_the_same_circumstances(bench, change):
    rounds.time([A, BASE], bench)
    changes = change(bench)
    later = again(bench, **changes)
    rounds.time([A, BASE], later)
    assert len(later.made) == (9 if changes else 0)


def test_visits_around_another_baseline_do_not_count(bench):
    rounds.time([A, BASE], bench)
    later = again(bench)
    other = replace(BASE, entry=replace(BASE.entry, digest="f" * 64))
    rounds.time([A, other], later)
    assert len(later.made) == 9


def test_fresh_measures_all_again_in_a_new_session(bench):
    rounds.time([A, BASE], bench)
    later = again(bench, fresh=True)
    _, made = rounds.time([A, BASE], later)
    assert len(later.made) == 9
    assert {done.session for done in made} == {1}
    afterwards = again(bench)
    assert rounds.time([A, BASE], afterwards)[1] == made
    assert afterwards.made == []


def test_a_failed_visit_is_tried_again_in_a_new_session(bench):
    bench.script[2] = Failure("forward", "it broke")
    rounds.time([A, BASE], bench)
    kept = again(bench)
    assert rounds.time([A, BASE], kept)[0]["a"].status == "failed"
    assert kept.made == []
    later = again(bench, retry_failed=True)
    entries, _ = rounds.time([A, BASE], later)
    assert len(entries["a"].timing.visits) == 3
    assert len(later.made) == 9


# ---------------------------------------------------------------- the budget


def wavering(count):
    """Let every second visit of A, the odd rounds, take 4 % longer, up to a round."""
    return {3 * number + 2: 1.04 for number in range(1, count, 2)}


def test_rounds_are_added_until_intervals_are_narrow_enough(bench):
    sure = defaultdict(list)
    for budget in (0, 60):
        bench.made.clear()
        one = replace(
            bench,
            budget_minutes=budget,
            precision=0.02,
            now=lambda: 0.0,
            script=wavering(100),
            fresh=True,
        )
        entries, made = rounds.time([A, BASE], one)
        estimate = runtimes.of_entries(list(entries.values()))["a"].estimate
        sure[budget] = [len(made), estimate.half_width <= 0.02]
    assert sure[0] == [3, False]
    # half of n rounds 4 % above: t x 0.0196 x sqrt(n / (n - 1)) / sqrt(n) is 0.0206 at 6 rounds,
    # by t = 2.571, and 0.0194 at 7, of which three lie above
    assert sure[60] == [7, True]


def within(bench, budget, minutes_of_a_visit=1.0):
    """Return the rounds that are made where every visit takes so long."""
    one = replace(
        bench,
        budget_minutes=budget,
        precision=0.0001,
        now=lambda: 60.0 * minutes_of_a_visit * len(bench.made),
        script=wavering(100),
    )
    return len(rounds.time([A, BASE], one)[1])


@pytest.mark.parametrize(("budget", "made"), [(1, 1), (5, 1), (6, 2), (9, 3), (14, 4), (15, 5)])
def test_no_round_is_begun_that_would_take_longer_than_the_budget(bench, budget, made):
    assert within(bench, budget) == made  # a round is three visits; the protocol has three rounds


def test_what_the_budget_cut_short_goes_on_later(bench):
    assert within(bench, 3) == 1
    later = again(bench)
    assert len(rounds.time([A, BASE], later)[1]) == 3
    assert len(later.made) == 6


def test_the_time_left_is_told_from_the_first_round_on(bench):
    told = []
    bench.progress.at = lambda number, of, left_s=None: told.append((number, of, left_s))
    rounds.time([A, BASE], replace(bench, now=lambda: 60.0 * len(bench.made)))
    # the first is the unit's own: an executor does the session as one
    assert told[1:] == [(1, 3, None), (2, 3, 360.0), (3, 3, 180.0)]


# ---------------------------------------------------------------- memory


def test_an_entry_s_memory_is_the_median_over_visits():
    def visit(peak, reserved, process):
        made = Visit({"valid": ((1.0,),)}, {"valid": peak}, "", {}, reserved_bytes=reserved)
        return RoundVisit(0, 0, "entry", made, DeviceState(1, process_bytes=process))

    timing = Timing(
        (
            visit(9, {"valid": 20}, 40),
            visit(2, {"valid": 90}, None),
            visit(3, {"valid": 30}, 90),
            visit(1, {"valid": 10}, 50),
            visit(8, {"valid": 80}, None),
        )
    )
    assert (timing.peak_bytes, timing.reserved_bytes) == ({"valid": 3}, {"valid": 30})
    assert timing.process_bytes == 50
    assert Timing(timing.visits[1:2]).process_bytes is None
