"""The leaderboard in terminals of every width, with the digits that are certain."""

import math
from dataclasses import replace

import pytest

from harness.ranking.leaderboard import of_run
from reports import units
from reports.tables import terminal
from tests.support.runs import HOSTILE, made


def lines(width, names=()):
    return terminal.table(of_run(made(12, 4, names=names)), width).splitlines()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_table_fits_and_says_what_is_left_out(width):
    printed = lines(width)
    table, said = printed[:14], printed[15]
    assert max(map(len, table)) <= width
    assert table[0].split()[:3] == ["Rank", "ID", "Entry"] or table[0].split()[:2] == [
        "Rank",
        "Entry",
    ]
    assert said.startswith("Not shown for want of room: ")
    every = lines(0)[0]
    for heading in ("Score", "Runtime [ms]", "Team", "Status"):
        assert (heading in table[0]) != (heading in " ".join(printed[15:18])), heading
        assert heading in every


def test_names_are_cut_where_nothing_else_can_give_way():
    (row,) = [line for line in lines(80, HOSTILE) if "NNNN" in line and line.startswith(" ")]
    assert len(row) <= 80
    assert "…" in row


def test_a_track_has_its_rank_and_not_the_score_again():
    row = lines(0)[2]
    assert "(" not in row


@pytest.mark.parametrize(
    ("log_score", "ends", "text"),
    [
        (math.log(2.374158), (math.log(1.8), math.log(3.0)), "2.4 ± 0.6"),
        (math.log(2.374158), (math.log(2.36), math.log(2.384)), "2.374 ± 0.012"),
        (math.log(2.374158), None, "2.374158"),
        (2.0, (2.0, 2.0), "7.389056"),
        (math.log(1.3e5), (math.log(1e5), math.log(2e5)), "1.3e+05"),
        (10**9, None, "3.5e+434294481"),
    ],
)
def test_scores_show_the_digits_that_are_certain(log_score, ends, text):
    shown = units.score(log_score, ends)
    assert shown.partition("e")[2] == text.partition("e")[2]
    assert shown == text or log_score > 1e6


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (11.13, 4.78, "11 ± 5"),
        (6.514, 0.043, "6.51 ± 0.04"),
        (1234.5, 14.2, "1,234 ± 14"),
        (3.17, 4.0, "3 ± > 100 %"),
    ],
)
def test_a_value_ends_where_its_interval_begins(value, half, text):
    assert units.certain(value, half) == text


def test_notes_are_counted_and_flags_are_told():
    run = made(2, 4)
    flags = {"unsettled": "not warm", "nondeterministic": "differs"}
    run = replace(run, entries=(replace(run.entries[0], flags=flags), run.entries[1]))
    text = terminal.table(of_run(run))
    assert "ByteESR: [nondeterministic] differs" in text
    assert "not warm" not in text
    assert text.endswith("The report has 1 note on entries.")
