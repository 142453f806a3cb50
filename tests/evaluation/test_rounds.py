"""Timing in rounds: who is visited when, what is measured again."""

import math
from dataclasses import replace

import pytest

from harness.evaluation import rounds
from harness.records import DeviceState, Failure, Spread
from harness.statistics import runtimes
from harness.store.passes import Store
from tests.support.scripted import BASE, EDITION, POLICY, A, B, C, again, bench_in


@pytest.fixture
def bench(tmp_path):
    return bench_in(tmp_path)


def test_every_round_visits_all_once_between_two_visits_of_the_baseline(bench):
    _, made = rounds.time([A, BASE, B, C], bench)
    visits = [bench.made[i : i + 5] for i in range(0, 15, 5)]
    assert len(bench.made) == 15
    for visited, done in zip(visits, made, strict=True):
        assert visited[0] == visited[-1] == "good"
        assert sorted(visited[1:4]) == ["A", "B", "C"]
        assert [name.lower() for name in visited[1:4]] == list(done.order)
        assert done.drifts == (0.0,)
        assert not done.flagged
    assert len({tuple(visited) for visited in visits}) > 1


def test_the_order_is_drawn_from_the_seed(bench, tmp_path):
    def order(seed, folder):
        other = replace(
            again(bench, store=Store(tmp_path / folder)),
            protocol=replace(EDITION, timing=replace(POLICY, seed=seed, rounds=8)),
        )
        return [done.order for done in rounds.time([A, BASE, B, C], other)[1]]

    assert order(0, "one") == order(0, "two")
    assert order(0, "one") != order(1, "three")


def test_a_visit_counts_by_its_ratio_to_the_bracket_around_it(bench):
    # the second round, visits 4 to 6, runs at half the speed; the third at 1.02 of its first
    bench.script.update({4: 2.0, 5: 2.0, 6: 2.0, 9: 1.02})
    entries, _ = rounds.time([A, BASE], bench)
    found = runtimes.of_entries(list(entries.values()))
    assert found["a"].logs[0, 0] == pytest.approx(math.log(0.5))
    assert found["a"].logs[0, 1] == pytest.approx(math.log(0.5))
    assert found["a"].logs[0, 2] == pytest.approx(math.log(0.5 / math.sqrt(1.02)))
    assert set(found["good"].logs.values()) == {0.0}


def test_a_round_that_drifts_is_measured_again(bench):
    bench.script[3] = 1.06  # the end of the first round's bracket
    entries, made = rounds.time([A, BASE], bench)
    assert len(bench.made) == 12
    assert made[0].drifts == pytest.approx((0.06, 0.0))
    assert not made[0].flagged
    assert len(entries["a"].timing.visits) == 3
    assert len(entries["good"].timing.visits) == 6


def test_a_round_that_drifts_thrice_is_kept_and_flagged(bench):
    bench.script.update({3: 1.06, 6: 0.9, 9: 1.07})
    _, made = rounds.time([A, BASE], bench)
    assert made[0].drifts == pytest.approx((0.06, -0.1, 0.07))
    assert [done.flagged for done in made] == [True, False, False]
    assert len(bench.made) == 15


def test_without_the_baseline_rounds_have_no_brackets(bench):
    entries, made = rounds.time([A, B], bench)
    assert len(bench.made) == 6
    assert all(done.drifts == () for done in made)
    found = runtimes.of_entries(list(entries.values()))
    assert found["b"].ms == pytest.approx(40.0)  # mean of the two images, 20 and 60 ms


def test_the_official_policy_visits_in_the_given_order_without_brackets(bench):
    official = replace(POLICY, policy="official")
    bench.script[1] = 1.3
    entries, _ = rounds.time([A, BASE], replace(bench, protocol=replace(EDITION, timing=official)))
    assert bench.made == ["A", "good"] * 3
    found = runtimes.of_entries(list(entries.values()), "official")
    assert found["a"].ms == pytest.approx((13 + 10 + 10) / 3)


def test_an_entry_that_fails_leaves_the_rounds_and_stops_no_other(bench):
    bench.script[2] = Failure("forward", "it broke")
    entries, _ = rounds.time([A, BASE, B], bench)
    failed = next(slug for slug in ("a", "b") if entries[slug].status == "failed")
    other = {"a": "b", "b": "a"}[failed]
    assert entries[failed].failure.reason == "it broke"
    assert entries[failed].timing is None
    assert len(entries[other].timing.visits) == 3
    assert len(bench.made) == 4 + 3 + 3


def test_a_failure_in_a_round_that_is_measured_again_is_not_forgotten(bench):
    bench.script.update({2: Failure("forward", "it broke"), 3: 1.06})
    entries, _ = rounds.time([A, BASE], bench)
    assert entries["a"].failure.reason == "it broke"


def test_a_baseline_that_fails_leaves_absolute_runtimes(bench):
    bench.script[4] = Failure("forward", "it broke")
    entries, _ = rounds.time([A, BASE], bench)
    assert entries["good"].status == "failed"
    found = runtimes.of_entries(list(entries.values()))
    assert found["a"].ms == pytest.approx(10.0)


# ---------------------------------------------------------------- the state of the GPU


def limited(*reasons):
    return DeviceState(10, reasons=reasons)


ACCIDENTS = [
    limited("hardware slowdown"),
    limited("software power cap", "software thermal slowdown"),
    limited("hardware thermal slowdown"),
    limited("power brake"),
    DeviceState(10, foreign=(4242,)),
]


@pytest.mark.parametrize("state", ACCIDENTS)
def test_a_visit_that_the_machine_disturbed_is_made_again(bench, state):
    bench.states[2] = state
    bench.script[2] = 1.7
    entries, _ = rounds.time([A, BASE], bench)
    assert bench.made[:4] == ["good", "A", "A", "good"]
    assert len(bench.made) == 9 + 1
    assert [made.repeats for made in entries["a"].timing.visits] == [1, 0, 0]
    assert [made.state for made in entries["a"].timing.visits] == [None] * 3
    assert runtimes.of_entries(list(entries.values()))["a"].logs[0, 0] == pytest.approx(
        math.log(0.5)
    )
    assert "disturbed" not in entries["a"].flags


def test_a_bracket_that_the_machine_disturbed_is_made_again(bench):
    bench.states[1] = ACCIDENTS[0]
    entries, _ = rounds.time([A, BASE], bench)
    assert bench.made[:4] == ["good", "good", "A", "good"]
    assert [made.repeats for made in entries["good"].timing.visits] == [1, 0, 0, 0, 0, 0]


def test_a_visit_disturbed_thrice_is_kept_and_flagged(bench):
    bench.states.update(dict.fromkeys((2, 3, 4), limited("power brake", "software power cap")))
    entries, _ = rounds.time([A, BASE], bench)
    assert bench.made[:5] == ["good", "A", "A", "A", "good"]
    assert entries["a"].flags["disturbed"].startswith("1 of 3 visits")
    assert entries["a"].flags["disturbed"].endswith("under power brake")
    assert entries["a"].timing.visits[0].state == bench.states[4]
    assert "disturbed" not in entries["good"].flags


def test_processes_of_others_are_named(bench):
    bench.states.update(dict.fromkeys(range(1, 30), DeviceState(10, foreign=(4242, 17))))
    entries, _ = rounds.time([A, BASE], bench)
    assert "3 of 3 visits" in entries["a"].flags["disturbed"]
    assert "processes of others (4242, 17)" in entries["a"].flags["disturbed"]


def clocked(mhz):
    return DeviceState(10, sweeps_sm_mhz=Spread(mhz - 9, mhz, mhz + 9))


def test_a_visit_at_lower_clocks_than_the_bracket_before_it_is_made_again(bench):
    bench.states.update({1: clocked(1800), 2: clocked(1600), 3: clocked(1621), 4: clocked(1700)})
    entries, _ = rounds.time([A, BASE], bench)
    assert bench.made[:4] == ["good", "A", "A", "good"]
    first = entries["a"].timing.visits[0]
    assert (first.repeats, first.bracket_mhz) == (1, 1800)
    assert entries["a"].flags == {}
    assert rounds.time([A, BASE], again(bench))[0] == entries


def test_one_at_lower_clocks_thrice_is_flagged(bench):
    bench.states.update({1: clocked(1800)} | dict.fromkeys((2, 3, 4), clocked(900)))
    entries, _ = rounds.time([A, BASE], bench)
    told = "under clocks of 900 MHz where the baseline had 1800 MHz"
    assert entries["a"].flags["disturbed"].endswith(told)


def test_locked_clocks_and_a_power_cap_are_recorded_and_not_punished(bench):
    state = limited("applications clocks", "software power cap", "sync boost")
    bench.states.update(dict.fromkeys(range(1, 10), state))
    entries, _ = rounds.time([A, BASE], bench)
    assert len(bench.made) == 9
    assert all(made.state == state for made in entries["a"].timing.visits)
    assert entries["a"].flags == {}


def test_the_official_policy_takes_what_comes_and_flags_it(bench):
    bench.states[1] = limited("power brake")
    official = replace(POLICY, policy="official")
    entries, _ = rounds.time([A, BASE], replace(bench, protocol=replace(EDITION, timing=official)))
    assert bench.made == ["A", "good"] * 3
    assert "1 of 3 visits" in entries["a"].flags["disturbed"]


def test_a_visit_that_was_made_again_is_not_made_once_more_later(bench):
    bench.states[2] = ACCIDENTS[0]
    first = rounds.time([A, BASE], bench)
    later = again(bench)
    assert rounds.time([A, BASE], later) == first
    assert later.made == []
