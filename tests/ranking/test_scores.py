"""Ranks and scores agree with brute force, never overflow, and say what they lack."""

import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import protocols
from harness.errors import ProtocolError
from harness.ranking.scores import format_score, rank
from harness.records import METRICS, Figures, Protocol, Ranking

NTIRE2022 = protocols.load("ntire2022")
NTIRE2026 = protocols.load("ntire2026")
PSNR = {"valid": 29.0, "test": 29.0}  # reaches the thresholds of all editions


def entry(name: str = "A", **metrics: float) -> Figures:
    """Return an eligible entry whose metrics are 1 unless said otherwise."""
    return Figures(name, psnr_db=PSNR, metrics={**dict.fromkeys(METRICS, 1.0), **metrics})


def places(ranking: Ranking, track: str) -> list[tuple[int, float]]:
    return [(s.places[track].rank, s.places[track].log_score) for s in ranking.standings]


def printed(ranking: Ranking, track: str) -> list[tuple[int, str]]:
    return [(position, format_score(score)) for position, score in places(ranking, track)]


# ---------------------------------------------------------------- the baseline


def test_without_the_baseline_there_are_no_ratios_and_a_note_says_what_to_do() -> None:
    ranking = rank([entry("A"), entry("B", params=2.0)], NTIRE2026)
    assert ranking.baseline == ""
    assert ranking.notes == (
        "no scores in overall, runtime, flops, params: no entry is called 'SPAN' or '00_SPAN'; "
        "have it measured in the same run, or rank with baseline = published",
    )
    assert [s.places for s in ranking.standings] == [{}, {}]
    assert [s.metric_ranks["params"] for s in ranking.standings] == [1, 2]


def test_published_figures_are_no_advice_where_none_are_stated() -> None:
    (note,) = rank([entry()], protocols.load("demo")).notes
    assert note.endswith("no entry is called 'Demo large'; have it measured in the same run")


def test_a_baseline_that_failed_before_it_was_timed_says_why() -> None:
    span = replace(entry("SPAN"), status="failed", reason="forward: NaN")
    del span.metrics["runtime_ms"]
    ranking = rank([span, entry("A")], NTIRE2026)
    assert ranking.baseline == "SPAN"
    assert ranking.notes[0].startswith(
        "no scores in overall, runtime: the baseline 'SPAN' has no positive runtime_ms "
        "(forward: NaN); have it measured"
    )
    assert list(ranking.standings[1].places) == ["flops", "params"]


def test_a_baseline_below_the_threshold_is_still_what_ratios_are_relative_to() -> None:
    span = replace(entry("SPAN", runtime_ms=2.0), psnr_db={"valid": 20.0, "test": 20.0})
    ranking = rank([span, entry("A")], NTIRE2026)
    assert ranking.notes == ()
    assert ranking.standings[0].eligible == "no"
    assert ranking.standings[1].log_parts["runtime_ms"] == 1.0


def test_a_figure_that_the_baseline_lacks_costs_only_the_tracks_that_need_it() -> None:
    ranking = rank([entry("SPAN", runtime_ms=0.0), entry("A")], NTIRE2026)
    assert ranking.notes[0].startswith(
        "no scores in overall, runtime: the baseline 'SPAN' has no positive runtime_ms;"
    )
    assert list(ranking.standings[1].places) == ["flops", "params"]


def test_an_unranked_baseline_is_still_what_ratios_are_relative_to() -> None:
    span = replace(entry("SPAN", runtime_ms=2.0), id=0)
    ranking = rank([span, entry("A")], replace(NTIRE2026, unranked=(0,)))
    assert ranking.notes == ()
    assert ranking.standings[0].places == {}
    assert ranking.standings[1].log_parts["runtime_ms"] == 1.0


def test_the_first_of_several_baselines_is_taken_in_the_order_of_the_names() -> None:
    figures = [entry("00_SPAN", runtime_ms=4.0), entry("SPAN", runtime_ms=2.0)]
    ranking = rank(figures, NTIRE2026)
    assert ranking.baseline == "SPAN"
    assert ranking.notes == ("2 entries have a name of the baseline: 'SPAN' was taken",)
    assert ranking.standings[0].log_parts["runtime_ms"] == 4.0


def test_published_figures_of_the_baseline() -> None:
    figures = [entry(runtime_ms=7.736398064196109, flops=9833807872, params=150688)]
    ranking = rank(figures, NTIRE2026, "published")
    assert printed(ranking, "overall") == [(1, f"{math.exp(2):.6f}")]
    assert ranking.baseline == "published figures"
    assert ranking.notes[0].startswith(
        "scores are relative to published figures, not measured here"
    )


def test_a_published_figure_that_is_needed_and_not_stated() -> None:
    demo = protocols.load("demo")
    with pytest.raises(ProtocolError) as caught:
        rank([entry()], demo, "published")
    assert str(caught.value) == (
        "protocol demo states no published flops, params, runtime_ms of its baseline; "
        "rank against the measured baseline, or add them under [baseline.published]"
    )


def test_rank_sums_need_no_baseline() -> None:
    figures = [entry("A"), entry("B", flops=0.5)]
    ranking = rank(figures, NTIRE2022)
    assert (ranking.baseline, ranking.notes) == ("", ())
    assert printed(ranking, "complexity") == [(2, "3.000000"), (1, "2.000000")]
    assert rank(figures, NTIRE2022, "published").notes == ()


def test_rank_sums_are_weighted() -> None:
    weighted = replace(NTIRE2022.tracks[1], weights={"params": 1.0, "flops": 2.5})
    figures = [entry("A"), entry("B", flops=2, params=0.5)]
    ranking = rank(figures, replace(NTIRE2022, tracks=(weighted,)))
    # A: 1 x 2 + 2.5 x 1, B: 1 x 1 + 2.5 x 2
    assert printed(ranking, "complexity") == [(1, "4.500000"), (2, "6.000000")]


def test_an_entry_that_lacks_a_metric_has_no_place_where_it_counts() -> None:
    lacking = replace(entry("B"), metrics={"flops": 0.5, "params": 0.5, "memory_mib": 1.0})
    standing = rank([entry("SPAN"), lacking], NTIRE2026).standings[1]
    assert standing.eligible == "yes"
    assert standing.reason == "no runtime_ms, so no place in overall, runtime"
    assert {track: place.rank for track, place in standing.places.items()} == {
        "flops": 1,
        "params": 1,
    }
    assert standing.metric_ranks == {"flops": 1, "params": 1, "memory_mib": 1}


def test_provisional_entries_have_places_and_ineligible_ones_have_none() -> None:
    half = replace(entry("B", runtime_ms=0.5), psnr_db={"valid": 27.0})
    failed = replace(entry("C", runtime_ms=0.1), status="failed")
    provisional, ineligible = rank([entry("SPAN"), half, failed], NTIRE2026).standings[1:]
    assert provisional.places["overall"].rank == provisional.metric_ranks["runtime_ms"] == 1
    assert (ineligible.places, ineligible.metric_ranks, ineligible.log_parts) == ({}, {}, {})


# ---------------------------------------------------------------- scores and ranks in general


def a_field(low: float, high: float) -> st.SearchStrategy[list[Figures]]:
    """Return lists of eligible entries, the first of them the baseline; values often coincide."""
    value = st.floats(low, high) | st.sampled_from([low, high])
    metrics = st.fixed_dictionaries(dict.fromkeys(METRICS, value))
    return st.lists(metrics, min_size=1, max_size=8).map(
        lambda found: [
            Figures("SPAN" if i == 0 else f"entry {i}", psnr_db=PSNR, metrics=m)
            for i, m in enumerate(found)
        ]
    )


@settings(deadline=None)
@given(a_field(0.1, 10.0))
def test_exp_ratio_agrees_with_the_formula(figures: list[Figures]) -> None:
    base = figures[0].metrics
    ranking = rank(figures, NTIRE2026)
    for track in NTIRE2026.tracks:
        direct = [
            sum(w * math.exp(2 * f.metrics[m] / base[m]) for m, w in track.weights.items())
            for f in figures
        ]
        found = places(ranking, track.name)
        assert [score for _, score in found] == pytest.approx(
            [math.log(score) for score in direct], rel=1e-12, abs=1e-12
        )
        for (position, score), value in zip(found, direct, strict=True):
            surely_ahead = sum(other < value * (1 - 1e-9) for other in direct)
            perhaps_ahead = sum(other < value * (1 + 1e-9) for other in direct)
            assert surely_ahead < position <= perhaps_ahead
            assert position == 1 + sum(other < score for _, other in found)


@settings(deadline=None)
@given(a_field(28.0, 30.0))
def test_rank_sum_agrees_with_brute_force(figures: list[Figures]) -> None:
    ranking = rank(figures, NTIRE2022)
    for track in NTIRE2022.tracks:
        sums = [
            sum(1 + sum(o.metrics[m] < f.metrics[m] for o in figures) for m in track.weights)
            for f in figures
        ]
        found = places(ranking, track.name)
        assert [position for position, _ in found] == [1 + sum(o < s for o in sums) for s in sums]
        assert [round(math.exp(score), 9) for _, score in found] == sums


@settings(deadline=None)
@given(a_field(0.1, 10.0), st.floats(1e-3, 1e3))
def test_a_slower_machine_changes_no_score(figures: list[Figures], factor: float) -> None:
    slower = [
        replace(f, metrics={**f.metrics, "runtime_ms": f.metrics["runtime_ms"] * factor})
        for f in figures
    ]
    before, after = rank(figures, NTIRE2026), rank(slower, NTIRE2026)
    assert [score for _, score in places(after, "overall")] == pytest.approx(
        [score for _, score in places(before, "overall")], rel=1e-12, abs=1e-12
    )


@settings(deadline=None)
@given(a_field(0.1, 10.0), st.randoms(use_true_random=False))
@pytest.mark.parametrize("edition", [NTIRE2022, NTIRE2026], ids=lambda edition: edition.name)
def test_the_order_of_entries_does_not_matter(
    edition: Protocol, figures: list[Figures], random: object
) -> None:
    order = list(range(len(figures)))
    random.shuffle(order)  # type: ignore[attr-defined]
    before = rank(figures, edition).standings
    after = rank([figures[i] for i in order], edition).standings
    assert list(after) == [before[i] for i in order]


@settings(deadline=None)
@given(a_field(0.1, 10.0), st.data())
@pytest.mark.parametrize("edition", [NTIRE2022, NTIRE2026], ids=lambda edition: edition.name)
def test_a_twin_shares_the_rank_and_a_better_figure_never_costs_one(
    edition: Protocol, figures: list[Figures], data: st.DataObject
) -> None:
    chosen = data.draw(st.sampled_from(figures))
    metric = data.draw(st.sampled_from(METRICS))
    twin = replace(chosen, name="twin")
    better = replace(twin, metrics={**twin.metrics, metric: twin.metrics[metric] / 2})
    same = rank([*figures, twin], edition)
    improved = rank([*figures, better], edition)
    for track in edition.tracks:
        found = places(same, track.name)
        assert found[-1] == found[figures.index(chosen)]
        assert places(improved, track.name)[-1] <= found[-1]


def test_ties_share_the_first_of_their_ranks() -> None:
    figures = [entry("SPAN"), entry("A", params=2), entry("B", params=2), entry("C", params=3)]
    found = places(rank(figures, NTIRE2026), "params")
    assert [position for position, _ in found] == [1, 2, 2, 4]


@settings(deadline=None)
@given(a_field(0.0, 1.7e308))
@pytest.mark.parametrize("edition", [NTIRE2022, NTIRE2026], ids=lambda edition: edition.name)
def test_no_value_is_too_large(edition: Protocol, figures: list[Figures]) -> None:
    for standing in rank(figures, edition).standings:
        for place in standing.places.values():
            assert not math.isnan(place.log_score)
            assert format_score(place.log_score)


def test_scores_beyond_a_float_are_still_ordered() -> None:
    figures = [entry("SPAN"), entry("A", runtime_ms=2001.0), entry("B", runtime_ms=2000.0)]
    ranking = rank(figures, NTIRE2026)
    assert [position for position, _ in places(ranking, "overall")] == [1, 3, 2]
    # log10 of 0.8 x exp(4000), which no float holds
    assert printed(ranking, "overall")[2] == (2, "1.2e+1737")


# ---------------------------------------------------------------- printing


@pytest.mark.parametrize(
    ("score", "printed"),
    [
        (1.0, "1.000000"),
        (7.38905609893065, "7.389056"),
        (999_999.5, "999999.500000"),
        (1_000_001.0, "1.0e+06"),
        (9_990_000.0, "1.0e+07"),
        (3.91e14, "3.9e+14"),
        (1.7e308, "1.7e+308"),
    ],
)
def test_scores_are_printed_short_when_large(score: float, printed: str) -> None:
    assert format_score(math.log(score)) == printed


@given(st.floats(13.9, 1e6))
def test_large_scores_are_right_to_their_last_digit(log_score: float) -> None:
    printed = format_score(log_score)
    exponent = int(printed.partition("e+")[2])
    error = Decimal(printed) - Decimal(log_score).exp()
    assert abs(error.scaleb(-exponent)) <= Decimal("0.050001")


def test_scores_without_a_digit_left_are_printed_as_a_power() -> None:
    assert format_score(math.log(10) * 1e15) == "10^1e+15"
    assert format_score(math.inf) == "10^inf"
