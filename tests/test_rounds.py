"""Timing in rounds: who is visited when, what is stored, what is measured again."""

import hashlib
import math
from collections import defaultdict
from dataclasses import dataclass, field, replace

import pytest

from harness import protocol, rounds, runtimes
from harness.bench import Bench
from harness.datasets import open_splits
from harness.records import DeviceState, Entry, Failure, Outcome, RoundVisit, Timing, Visit
from harness.schema import to_table
from harness.session import Contestant
from harness.store import Store
from harness.submission import discover
from tests import tiny

EDITION = protocol.load(tiny.PROTOCOL)
POLICY = replace(EDITION.timing, rounds=3, sweeps=1)
(GOOD,) = discover([tiny.SUBMISSIONS / "good"])


@dataclass(frozen=True)
class ScriptedBench(Bench):
    """A bench whose visits take what a script says, and are written down."""

    made: list[str] = field(default_factory=list)
    speeds: dict[str, float] = field(default_factory=dict)  # ms
    # what the n-th visit in all, from 1, takes instead: a factor, or a Failure
    script: dict[int, object] = field(default_factory=dict)
    states: dict[int, DeviceState] = field(default_factory=dict)  # of the GPU, in the same way

    def run(self, pass_name, submission, images=(), total=0, **rest):
        name = submission.manifest.name
        self.made.append(name)
        happening = self.script.get(len(self.made), 1.0)
        if isinstance(happening, Failure):
            return Outcome(failure=happening)
        ms = self.speeds[name] * happening
        samples, digests = {"valid": ((ms,), (3 * ms,))}, {"valid": ("a", "b")}
        visit = Visit(samples, {"valid": 2**20}, "scripted", digests)
        return Outcome(to_table(visit), state=self.states.get(len(self.made)))


def contestant(name):
    manifest = replace(GOOD.manifest, name=name)
    digest = hashlib.sha256(name.encode()).hexdigest()
    entry = Entry(slug=name.lower(), name=name, digest=digest, manifest=manifest)
    return Contestant(entry, replace(GOOD, manifest=manifest))


BASE, A, B, C = (contestant(name) for name in ("good", "A", "B", "C"))


@pytest.fixture
def bench(tmp_path):
    splits = open_splits(EDITION, tiny.write_data(tmp_path / "data"))
    return ScriptedBench(
        replace(EDITION, timing=POLICY),
        splits,
        "fake",
        Store(tmp_path / "out"),
        tiny.Recorder(),
        speeds={"good": 10.0, "A": 5.0, "B": 20.0, "C": 10.0},
    )


def again(bench, **changes):
    """Return the bench of a later run over the same store."""
    return replace(bench, made=[], **{"script": {}, "states": {}} | changes)


def with_rounds(bench, count):
    return again(bench, protocol=replace(EDITION, timing=replace(POLICY, rounds=count)))


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
        lambda bench: {"identity": {"gpu": "another"}},
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


def test_no_round_is_added_beyond_the_budget(bench):
    minutes = iter(range(100))
    one = replace(
        bench,
        budget_minutes=2,
        precision=0.0001,
        now=lambda: 60.0 * next(minutes),
        script=wavering(100),
    )
    _, made = rounds.time([A, BASE], one)
    assert len(made) == 3 + 2


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
