"""The official policy's runtime beside the fair one."""

from dataclasses import replace

import pytest

from harness import cli, protocols
from harness.ranking import leaderboard
from harness.records import RoundVisit, Run, Timing
from reports.tables import markdown, terminal
from tests.support import tiny
from tests.support.timed import EDITION, baseline, timed, visit

COLD = Timing(tuple(RoundVisit(0, number, "entry", visit(ms)) for number, ms in enumerate((7, 9))))


def run_of(*entries, official_runs):
    edition = replace(EDITION, timing=replace(EDITION.timing, official_runs=official_runs))
    return Run(3, "", edition, (), "fake", {}, {}, "", entries)


def test_both_runtimes_stand_side_by_side_and_the_fair_one_ranks(tmp_path):
    slow_cold = replace(timed("a", 0.5), official=COLD)
    run = run_of(baseline(), slow_cold, timed("b", 0.6), official_runs=2)
    board = leaderboard.of_run(run)
    assert [row.figures.name for row in board.rows] == ["a", "b", "good"]
    a, b, _ = board.rows
    assert a.columns["runtime_ms"] == pytest.approx(5)
    assert a.columns["runtime_official_ms"] == 8  # the arithmetic mean of its runs
    assert b.columns["runtime_official_ms"] is None
    text = terminal.table(board)
    assert "Official [ms]" in text
    assert "the mean of 2 runs" in text
    markdown.write(board, tmp_path / "board.md")
    heading, _, first, *_ = (tmp_path / "board.md").read_text().splitlines()[2:]
    cells = dict(zip(heading.split(" | "), first.split(" | "), strict=True))
    assert cells["Official \\[ms\\]"] == "8.00"


def test_another_protocol_ranks_what_was_timed_beside_it():
    run = run_of(baseline(), replace(timed("a", 0.5), official=COLD), official_runs=2)
    other = replace(EDITION, name="other")
    assert "Official [ms]" in terminal.table(leaderboard.of_run(run, other))


def test_a_run_without_them_has_no_such_column():
    run = run_of(baseline(), timed("a", 0.5), official_runs=0)
    assert "fficial" not in terminal.table(leaderboard.of_run(run))


def test_official_runs_beside_the_official_policy_are_refused(tmp_path, capsys):
    options = ["--protocol", str(tiny.PROTOCOL), "--data", str(tmp_path), "--policy", "official"]
    path = str(tiny.SUBMISSIONS / "good")
    assert cli.main(["run", path, *options, "--official-runs", "2"]) == cli.UNUSABLE
    assert "leave one of the two out" in capsys.readouterr().err


@pytest.mark.heavy  # six processes
def test_a_run_goes_on_with_official_runs_and_measures_nothing_twice(tmp_path):
    data, out = tiny.write_data(tmp_path / "data"), tmp_path / "out"
    good = [tiny.SUBMISSIONS / "good"]
    tiny.run(out, data, good)
    edition = protocols.load(tiny.PROTOCOL)
    edition = replace(edition, timing=replace(edition.timing, official_runs=2))
    run, recorder = tiny.run(out, data, good, edition=edition)
    assert recorder.stages == [("good", "time")] * 2
    (row,) = leaderboard.of_run(run).rows
    # the fake clock takes ten times as long on the first call of a size
    assert row.columns["runtime_ms"] == pytest.approx((0.512 + 0.3264) / 2)
    assert row.columns["runtime_official_ms"] == pytest.approx(10 * (0.512 + 0.3264) / 2)
    _, recorder = tiny.run(out, data, good, edition=edition)
    assert recorder.stages == []
