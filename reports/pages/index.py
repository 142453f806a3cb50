"""The leaderboard's page: a table per track, figures, and what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.ranking.leaderboard import Leaderboard, Row
from harness.records import Run, Track
from reports.pages import figures, templates
from reports.tables.columns import Column, track_columns

_PLACES = "#n is the rank in one column"
_SCORES = {
    "exp_ratio": "the score sums {terms}, each as exp(2 × value / the baseline's)",
    "rank_sum": "the score sums the ranks in {terms}",
}
_METRICS = {
    "runtime_ms": "runtime",
    "flops": "FLOPs",
    "params": "parameters",
    "memory_mib": "memory",
}


@dataclass(frozen=True)
class _Board:
    """One table of the page."""

    name: str  # of its tab, and in addresses
    heading: str
    order: str  # what its rows are ordered by
    columns: Sequence[Column]
    rows: Sequence[Row]
    others: Sequence[Row]  # not ranked


def write(run: Run, leaderboard: Leaderboard, page: Path) -> None:
    """Render `run` to `page`."""
    protocol = leaderboard.protocol
    templates.write(
        "index.html",
        page,
        run=run,
        leaderboard=leaderboard,
        boards=[_of_track(leaderboard, track) for track in protocol.tracks]
        or [_of_all(leaderboard)],
        figures=figures.of_run(run, leaderboard),
    )


def _of_track(leaderboard: Leaderboard, track: Track) -> _Board:
    placed = [row for row in leaderboard.rows if track.name in row.standing.places]
    weights = [(_METRICS.get(metric, metric), weight) for metric, weight in track.weights.items()]
    terms = ", ".join(name if weight == 1 else f"{weight:g} {name}" for name, weight in weights)
    score = _SCORES[track.method].format(terms=terms)
    return _Board(
        track.name,
        f"Track {track.name}",
        f"{score}; less is better. {_PLACES} among the eligible entries.",
        track_columns(leaderboard, track),
        sorted(placed, key=lambda row: row.standing.places[track.name].rank),
        [row for row in leaderboard.rows if track.name not in row.standing.places],
    )


def _of_all(leaderboard: Leaderboard) -> _Board:
    columns = track_columns(leaderboard, None)
    return _Board("entries", "Entries", f"by FLOPs. {_PLACES}.", columns, leaderboard.rows, [])
