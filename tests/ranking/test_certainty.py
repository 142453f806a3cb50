"""Ties, rank intervals and probabilities, from a run's raw samples alone."""

import math
from dataclasses import replace

import pytest
import scipy.stats

from harness.ranking import leaderboard
from harness.records import Round, Run, Timing
from tests.support.timed import EDITION, NOISE, WOBBLE, baseline, timed


def board(*entries, **changes):
    edition = replace(EDITION, splits=tuple(replace(s, threshold=None) for s in EDITION.splits))
    edition = replace(edition, **changes)
    rounds = tuple(Round(0, number, (), (0.0,)) for number in range(len(NOISE)))
    run = Run(2, "", edition, (), "fake", {}, {}, "", entries, rounds)
    return {row.figures.name: row for row in leaderboard.of_run(run).rows}


def test_noise_that_all_share_is_in_no_interval():
    row = board(baseline(), timed("a", 0.5, wobble=(0,) * 6))["a"]
    assert row.runtime.interval_ms == pytest.approx((5.0, 5.0))
    assert row.columns["score_low"] == pytest.approx(math.e)


def test_the_interval_of_runtime_and_score():
    row = board(baseline(), timed("a", 0.5))["a"]
    half = scipy.stats.ttest_1samp(WOBBLE, 0).confidence_interval().high
    assert row.columns["runtime_ms"] == pytest.approx(5.0)
    assert row.columns["runtime_ms_low"] == pytest.approx(5 * math.exp(-half))
    assert row.columns["runtime_ms_high"] == pytest.approx(5 * math.exp(half))
    assert row.columns["score_low"] == pytest.approx(math.exp(math.exp(-half)))
    assert row.columns["score_high"] == pytest.approx(math.exp(math.exp(half)))


def test_entries_closer_than_their_noise_are_tied_and_others_are_not():
    backwards = tuple(reversed(WOBBLE))
    rows = board(baseline(), timed("a", 0.5), timed("b", 0.501, backwards), timed("c", 0.6))
    assert [rows[name].rank for name in ("a", "b", "c", "good")] == [1, 2, 3, 4]
    ranks = {name: row.certainty.ranks for name, row in rows.items()}
    assert ranks == {"a": (1, 2), "b": (1, 2), "c": (3, 3), "good": (4, 4)}
    assert rows["c"].certainty.ahead == pytest.approx(1)
    assert rows["good"].certainty.ahead is None


def test_the_probability_to_be_ahead_is_that_of_the_paired_difference():
    backwards = tuple(reversed(WOBBLE))
    rows = board(baseline(), timed("a", 0.5), timed("b", 0.501, backwards))
    # the score exp(2 r) is so nearly linear here that a paired t test of 2 r agrees
    scores = [
        [2 * ratio * (1 + own) for own in wobble]
        for ratio, wobble in ((0.5, WOBBLE), (0.501, backwards))
    ]
    expected = scipy.stats.ttest_rel(scores[1], scores[0], alternative="less").pvalue
    assert rows["a"].certainty.ahead == pytest.approx(expected, abs=0.002)
    assert 0.6 < expected < 0.8


def test_noise_that_two_entries_share_does_not_tie_them():
    rows = board(baseline(), timed("a", 0.5), timed("b", 0.501))
    assert rows["a"].certainty.ranks == (1, 1)


def test_entries_of_different_sessions_are_compared_as_independent():
    rows = board(baseline(2), timed("a", 0.5), timed("b", 0.501, session=1), timed("c", 0.6))
    ranks = [rows[name].certainty.ranks for name in ("a", "b", "c")]
    assert ranks == [(1, 2), (1, 2), (3, 3)]


def test_what_is_not_runtime_is_certain():
    track = replace(EDITION.tracks[0], weights={"flops": 1.0})
    rows = board(baseline(), timed("a", 0.5, flops=99), timed("b", 0.4), tracks=(track,))
    assert rows["a"].certainty.ranks == (1, 1)
    assert rows["a"].columns["score_low"] == rows["a"].columns["score_high"]
    assert rows["b"].certainty.ranks == rows["good"].certainty.ranks == (2, 3)


def test_a_single_round_gives_no_interval():
    one = [replace(e, timing=Timing(e.timing.visits[:2])) for e in (baseline(),)]
    other = timed("a", 0.5)
    other = replace(other, timing=Timing(other.timing.visits[:1]))
    row = board(*one, other)["a"]
    assert row.columns["runtime_ms"] == pytest.approx(5 * math.exp(NOISE[0] + WOBBLE[0]))
    assert (row.columns["runtime_ms_low"], row.columns["rank_low"]) == (None, None)


def test_a_rank_sum_of_runtime_alone_is_ordered_by_runtime():
    track = replace(EDITION.tracks[0], method="rank_sum")
    rows = board(baseline(), timed("a", 0.5), timed("b", 0.5001, WOBBLE[::-1]), tracks=(track,))
    assert rows["a"].certainty.ranks == (1, 2)
    assert rows["good"].certainty.ranks == (3, 3)
    assert rows["a"].columns["score_low"] is None


SUM = replace(
    EDITION.tracks[0], name="sum", method="rank_sum", weights={"runtime_ms": 1.0, "flops": 2.0}
)


def test_a_sum_of_ranks_is_certain_where_no_runtime_can_change_places():
    entries = baseline(), timed("a", 0.5, flops=99), timed("b", 0.6, flops=101)
    rows = board(*entries, tracks=(SUM,))
    # a: 1 + 2 x 1; b: 2 + 2 x 3; the baseline: 3 + 2 x 2
    assert {name: row.certainty.ranks for name, row in rows.items()} == {
        "a": (1, 1),
        "good": (2, 2),
        "b": (3, 3),
    }
    assert rows["a"].certainty.ahead == rows["good"].certainty.ahead == 1
    assert (rows["b"].columns["score_low"], rows["b"].columns["score_high"]) == (8, 8)


def test_a_tie_in_runtime_is_one_in_the_sum_unless_another_metric_decides():
    backwards = WOBBLE[::-1]
    tie = {"tracks": (SUM,)}
    even = board(baseline(), timed("a", 0.5), timed("b", 0.501, backwards), **tie)
    assert even["a"].certainty.ranks == even["b"].certainty.ranks == (1, 2)
    assert even["a"].columns["score_low"] == 1 + 2
    assert even["a"].columns["score_high"] == 2 + 2
    decided = board(baseline(), timed("a", 0.5), timed("b", 0.501, backwards, flops=99), **tie)
    assert decided["b"].certainty.ranks == (1, 1)
    assert decided["a"].certainty.ranks == (2, 2)


def test_in_a_sum_runtimes_change_places_as_often_as_their_paired_difference_says():
    backwards = WOBBLE[::-1]
    rows = board(baseline(), timed("a", 0.5), timed("b", 0.501, backwards), tracks=(SUM,))
    logs = [[math.log(r) + own for own in w] for r, w in ((0.5, WOBBLE), (0.501, backwards))]
    expected = scipy.stats.ttest_rel(logs[1], logs[0], alternative="less").pvalue
    assert 0.6 < expected < 0.8
    assert rows["a"].certainty.ahead == pytest.approx(expected, abs=0.01)


def test_noise_that_two_entries_share_does_not_tie_them_in_a_sum():
    rows = board(baseline(), timed("a", 0.5), timed("b", 0.501), tracks=(SUM,))
    assert rows["a"].certainty.ranks == (1, 1)


def test_a_single_round_says_nothing_of_a_sum():
    one = timed("a", 0.5)
    one = replace(one, timing=Timing(one.timing.visits[:1]))
    rows = board(baseline(), one, timed("b", 0.6), tracks=(SUM,))
    assert {row.certainty.ranks for row in rows.values()} == {None}


def test_every_track_has_its_own_ties():
    flops = replace(SUM, name="flops", weights={"flops": 1.0})
    entries = baseline(), timed("a", 0.5), timed("b", 0.501, WOBBLE[::-1], flops=99)
    row = board(*entries, tracks=(replace(SUM, weights={"runtime_ms": 1.0}), flops))["b"]
    assert row.certainties["sum"].ranks == (1, 2)
    assert row.certainties["flops"].ranks == (1, 1)
