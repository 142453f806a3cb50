"""Units of work on several devices, twice, or by two at once: the store ends right."""

import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.evaluation import rounds
from harness.evaluation.executors import Ended, Local, Serial
from harness.machines import environment
from harness.ranking.leaderboard import of_run
from harness.records import Machine, Site
from harness.statistics import runtimes
from tests.support import tiny
from tests.support.scripted import BASE, A, B, C, again, bench_in, contestant

ENTRIES = [tiny.SUBMISSIONS / slug for slug in ("good", "switches", "wrong_size", "wrong_manifest")]


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serial")
    data = tiny.write_data(folder / "data")
    return data, tiny.run(folder / "out", data, ENTRIES)[0]


def drawn_apart(scores):
    """Return scores without the digests of the copies that each run draws."""
    return [replace(score, perturbed_digest="") for score in scores]


@pytest.mark.heavy
@pytest.mark.parametrize(
    "executor", [Local(["fake:0", "fake:1"]), Local(["fake"], jobs=2)], ids=["devices", "jobs"]
)
def test_several_at_once_give_the_leaderboard_of_one_after_another(serial, executor, tmp_path):
    data, expected = serial
    run, recorder = tiny.run(tmp_path / "out", data, ENTRIES, executor=executor)
    # on the fake device the runtimes are the same as well
    rows, others = of_run(run).rows, of_run(expected).rows
    assert [row.columns for row in rows] == [row.columns for row in others]
    assert [drawn_apart(one.scores) for one in run.entries] == [
        drawn_apart(one.scores) for one in expected.entries
    ]
    stages = {stage.partition(" on ")[0] for _, stage in recorder.stages}
    assert stages == {"inspect", "restore", "time"}
    again, recorder = tiny.run(tmp_path / "out", data, ENTRIES, executor=executor)
    assert recorder.stages == []
    assert again.entries == run.entries


def test_an_error_of_the_harness_ends_all_and_is_raised(tmp_path):
    class Broken:
        timed = False

        def measure(self, bench):
            raise OSError("no space left")

    executor = Local(["fake:0", "fake:1"])
    with pytest.raises(OSError, match="no space left"):
        executor.carry_out([Broken(), Broken()], bench_in(tmp_path))


def test_devices_of_two_kinds_are_refused(tmp_path, monkeypatch):
    def machine(device, switches):
        return Machine({"gpu": "A100" if device == "cuda:0" else "H100", "torch": "2"})

    monkeypatch.setattr(environment, "machine", machine)
    with pytest.raises(InputError, match="cuda:1 and cuda:0 differ in gpu"):
        Local(["cuda:0", "cuda:1"]).opened(bench_in(tmp_path))


# ---------------------------------------------------------------- sessions

EIGHT = [contestant(name) for name in "ABCDEFGH"]


@dataclass
class Recording:
    """An executor that remembers what was planned, and what the store held before it began."""

    crews: int
    out: Path
    planned: list[tuple[int, list[str]]] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)

    def carry_out(self, units, bench):
        lists = self.out.glob("store/session/*.json")
        self.listed = [crew for file in lists for crew in json.loads(file.read_text())["crews"]]
        self.planned = [(unit.number, [c.entry.name for c in unit.crew]) for unit in units]
        return Serial().carry_out(units, bench)


def with_speeds(bench):
    return replace(bench, speeds={"good": 10.0} | dict.fromkeys("ABCDEFGH", 5.0))


def test_sessions_are_in_the_store_before_any_is_played(tmp_path):
    executor = Recording(2, tmp_path / "out")
    bench = with_speeds(bench_in(tmp_path))
    entries, made = rounds.time([BASE, *EIGHT], bench, executor)
    assert executor.planned == [(0, ["A", "C", "E", "G"]), (1, ["B", "D", "F", "H"])]
    parts = ([*EIGHT[::2], BASE], [*EIGHT[1::2], BASE])  # the baseline is an entry of each
    digests = [[one.entry.digest for one in part] for part in parts]
    assert executor.listed == [sorted(part) for part in digests]
    assert {done.session for done in made} == {0, 1}
    found = runtimes.of_entries(list(entries.values()))
    assert all(found[name.lower()].ms == pytest.approx(10.0) for name in "ABCDEFGH")
    later = again(bench)
    assert rounds.time([BASE, *EIGHT], later, Recording(4, tmp_path / "out")) == (entries, made)
    assert later.made == []


def test_few_entries_share_one_session_however_many_devices_there_are(tmp_path):
    executor = Recording(8, tmp_path / "out")
    rounds.time([BASE, *EIGHT[:7]], with_speeds(bench_in(tmp_path)), executor)
    assert len(executor.planned) == 1


def on_card(bench, card):
    return again(bench, machine=Machine(site=Site(card, node=f"node of {card}")))


class KilledError(Exception):
    pass


@pytest.fixture
def killed(tmp_path):
    """Return a bench whose session was killed on card one, in its second round's last visit."""
    first = on_card(bench_in(tmp_path), "one")

    def begin_visit(made):
        if made == 8:
            raise KilledError

    first = replace(first, before=begin_visit)
    with pytest.raises(KilledError):
        rounds.time([A, BASE, B], first)
    return first


def test_a_round_begun_on_another_card_is_played_again_and_finished_ones_count(killed):
    later = replace(on_card(killed, "two"), before=lambda made: None)
    _, made = rounds.time([A, BASE, B], later)
    assert [done.site.card for done in made] == ["one", "two", "two"]
    assert len(later.made) == 8


def test_a_round_begun_on_the_same_card_goes_on(killed):
    later = replace(on_card(killed, "one"), before=lambda made: None)
    _, made = rounds.time([A, BASE, B], later)
    assert [done.site.card for done in made] == ["one"] * 3
    assert len(later.made) == 12 - 7


def test_two_who_play_a_session_at_once_leave_rounds_of_one_card_each(tmp_path):
    one = on_card(bench_in(tmp_path), "one")
    # card two is half as fast: a round of both would show ratios of 2 or a half
    two = replace(on_card(one, "two"), speeds={name: 2 * ms for name, ms in one.speeds.items()})

    def meanwhile(made):
        if made == 3:
            rounds.time([A, BASE, C], two)

    entries, made = rounds.time([A, BASE, C], replace(one, before=meanwhile))
    found = runtimes.of_entries(list(entries.values()))
    assert list(found["a"].logs.values()) == pytest.approx([math.log(0.5)] * 3)
    assert set(found["c"].logs.values()) == {0.0}
    assert {done.drifts for done in made} == {(0.0,)}
    assert {done.site.card for done in made} == {"one", "two"}


def test_a_session_that_is_lost_fails_its_entries_with_the_reason_and_no_other(tmp_path):
    class Losing:
        crews = 2

        def carry_out(self, units, bench):
            Serial().carry_out(units[:1], bench)
            return [Ended(bench.machine), Ended(lost="its job was lost three times")]

    entries, made = rounds.time([BASE, *EIGHT], with_speeds(bench_in(tmp_path)), Losing())
    assert {done.session for done in made} == {0}
    assert entries["b"].failure.reason == "its job was lost three times"
    assert entries["a"].timing and entries["good"].timing
