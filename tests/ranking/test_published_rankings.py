"""The published tables of 2022 and 2026 are ranked as they were published."""

import csv
import math
from dataclasses import replace

import pytest

from harness import protocols
from harness.ranking.scores import format_score, rank
from harness.ranking.table import read_table
from harness.records import Figures, Ranking
from reports import PUBLISHED

NTIRE2022 = protocols.load("ntire2022")
NTIRE2026 = protocols.load("ntire2026")
TABLE2022 = read_table(PUBLISHED / "ntire2022.csv")
TABLE2026 = read_table(PUBLISHED / "ntire2026.csv")


def scored(ranking: Ranking, figures: list[Figures], track: str) -> list[tuple[int, str, str]]:
    """Return (rank, name, printed score) of a track, best first."""
    pairs = zip(figures, ranking.standings, strict=True)
    places = [(s.places[track], entry.name) for entry, s in pairs if track in s.places]
    return sorted((place.rank, name, format_score(place.log_score)) for place, name in places)


@pytest.mark.parametrize("baseline", ["measured", "published"])
def test_the_table_of_2026_has_its_published_scores(baseline: str) -> None:
    ranking = rank(TABLE2026, NTIRE2026, baseline)  # type: ignore[arg-type]
    assert scored(ranking, TABLE2026, "overall")[:7] == [
        (1, "22_SPANV2_ESR_C2", "3.873283"),
        (2, "01_PDS", "5.835197"),
        (3, "16_PKDSR_FINAL_CKPT", "5.989983"),
        (4, "18_DISP", "6.066888"),
        (5, "15_DSCF_Fused", "7.200659"),
        (6, "00_SPAN", "7.389056"),
        (7, "20_ERRN2", "14.262965"),
    ]


def test_counting_the_operator_of_22_moves_its_score_and_not_its_rank() -> None:
    """Measured without its operator, as in docs/measurements/official-repositories.md."""
    counted = [
        replace(figures, metrics=figures.metrics | {"flops": 9107931136})
        if figures.id == 22
        else figures
        for figures in TABLE2026
    ]
    best = scored(rank(counted, NTIRE2026), counted, "overall")[0]
    # 0.1 exp(2 x FLOPs / SPAN's FLOPs) is their part of the score
    published, measured = (math.exp(2 * f / 9833807872) for f in (1591738368, 9107931136))
    score = 3.873283 + 0.1 * (measured - published)
    assert best == (1, "22_SPANV2_ESR_C2", f"{score:.6f}")
    assert f"{score:.3f}" == "4.373"


def test_fourteen_of_sixteen_are_eligible_in_2026_and_rounding_decides_five() -> None:
    ranking = rank(TABLE2026, NTIRE2026)
    by_id = {figures.id: s for figures, s in zip(TABLE2026, ranking.standings, strict=True)}
    assert {i for i, s in by_id.items() if s.eligible == "no"} == {9, 21}
    assert [s.eligible for s in by_id.values()].count("yes") == 14
    assert {i for i, s in by_id.items() if "decided by rounding" in s.flags} == {1, 4, 11, 15, 17}
    assert by_id[9].reason == "PSNR on test is 26.98 dB, below 26.99 dB"
    assert by_id[15].flags["decided by rounding"] == (
        "PSNR on test is 0.0044 dB short of 26.99 dB and reaches it at 2 decimals"
    )


def test_nine_are_eligible_in_2026_without_rounding() -> None:
    splits = tuple(
        replace(split, threshold=split.threshold and replace(split.threshold, decimals=6))
        for split in NTIRE2026.splits
    )
    ranking = rank(TABLE2026, replace(NTIRE2026, splits=splits))
    assert [s.eligible for s in ranking.standings].count("yes") == 9
    assert not any(s.flags for s in ranking.standings)


def test_the_tracks_of_2026() -> None:
    ranking = rank(TABLE2026, NTIRE2026)
    assert (ranking.baseline, ranking.notes) == ("00_SPAN", ())
    best = {track.name: scored(ranking, TABLE2026, track.name)[0] for track in NTIRE2026.tracks}
    # exp(2 x value / SPAN's value) with the values of the table
    v2_runtime = (5.687406876087189 + 4.795523520112038) / (8.00402544260025 + 7.468770685791969)
    assert best["runtime"] == (1, "22_SPANV2_ESR_C2", f"{math.exp(2 * v2_runtime):.6f}")
    assert best["flops"][:2] == (1, "22_SPANV2_ESR_C2")
    assert best["params"] == (1, "04_ZenoSR", f"{math.exp(2 * 37786 / 150688):.6f}")


def published_2022(column: str) -> dict[str, int]:
    with (PUBLISHED / "ntire2022.csv").open(encoding="utf-8") as file:
        return {row["name"]: int(row[column]) for row in csv.DictReader(file) if row[column]}


def test_the_table_of_2022_has_its_published_ranks() -> None:
    ranking = rank(TABLE2022, NTIRE2022)
    main = {name: position for position, name, _ in scored(ranking, TABLE2022, "runtime")}
    assert len(main) == 35
    assert main == published_2022("published_rank_main")
    eligible = [
        figures.name
        for figures, s in zip(TABLE2022, ranking.standings, strict=True)
        if s.eligible == "yes"
    ]
    assert set(eligible) == set(main)


@pytest.mark.parametrize(
    ("track", "column"),
    [("complexity", "published_sum_complexity"), ("overall", "published_sum_overall")],
)
def test_the_rank_sums_of_2022(track: str, column: str) -> None:
    ranking = rank(TABLE2022, NTIRE2022)
    sums = {name: float(score) for _, name, score in scored(ranking, TABLE2022, track)}
    published = published_2022(column)
    assert sums.keys() == published.keys()
    # the table is rounded, so that some ranks are shared here that were not there
    differences = [abs(sums[name] - published[name]) for name in sums]
    assert max(differences) <= 1
    assert differences.count(0) == 30


def test_the_baselines_of_2022_are_not_ranked() -> None:
    ranking = rank(TABLE2022, NTIRE2022)
    reasons = {
        figures.id: (s.eligible, s.reason, s.places)
        for figures, s in zip(TABLE2022, ranking.standings, strict=True)
    }
    assert reasons[-1] == ("no", "not ranked: ntire2022 leaves out id -1", {})
    assert reasons[0] == ("no", "not ranked: ntire2022 leaves out id 0", {})
    everyone = rank(TABLE2022, replace(NTIRE2022, unranked=()))
    assert [s.eligible for s in everyone.standings].count("yes") == 37
