"""The leaderboard's page: a table per track, figures, and what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.ranking.leaderboard import Leaderboard, Row
from harness.records import Run, Track
from reports import units
from reports.pages import figures, templates
from reports.tables.columns import Column, score_of, track_columns

_PLACES = "#n is the rank in one column"
_SCORES = {
    "exp_ratio": "the score sums {terms}, each as exp(2 × value / the baseline's)",
    "rank_sum": "the score sums the ranks in {terms}",
}
_NAMED = 3  # entries that share the lead, by name
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

    def leads(self, row: Row) -> bool:
        """Tell whether an entry is the first, or cannot be told apart from it."""
        place = row.standing.places.get(self.name)
        return bool(place) and _lowest(row, self.name) == 1


def write(run: Run, leaderboard: Leaderboard, page: Path, *, with_history: bool = False) -> None:
    """Render `run` to `page`; `with_history` where a page beside it tells what was done."""
    protocol = leaderboard.protocol
    templates.write(
        "index.html",
        page,
        run=run,
        leaderboard=leaderboard,
        with_history=with_history,
        lead=_lead(leaderboard),
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


def _lowest(row: Row, track: str) -> int | None:
    """Return the best rank that an entry may truly have."""
    sure = row.certainties.get(track)
    place = row.standing.places.get(track)
    return sure.ranks[0] if sure and sure.ranks else place.rank if place else None


def _lead(leaderboard: Leaderboard) -> str:
    """Say in a sentence who leads, with what, and by how much; empty where nobody is ranked."""
    track = leaderboard.protocol.main_track
    ranked = [row for row in leaderboard.rows if row.rank is not None]
    if track is None or not ranked:
        return ""
    first = [row for row in ranked if _lowest(row, track.name) == 1]
    names = [f"{row.figures.name} (score {score_of(row, track.name)})" for row in first[:_NAMED]]
    if len(first) > _NAMED:
        names.append(f"{len(first) - _NAMED} more")
    if len(first) > 1:
        tied = f"{', '.join(names[:-1])} and {names[-1]}"
        return f"{tied} share the lead: this run does not tell them apart."
    rest = ranked[1:]
    if not rest:
        return f"{names[0]} is the only entry that is ranked."
    ahead = ranked[0].certainty.ahead
    sure = f", surely ahead ({units.percent(ahead)})" if ahead is not None else ""
    return (
        f"{names[0]} leads{sure}; next is {rest[0].figures.name} ({score_of(rest[0], track.name)})."
    )


def _of_all(leaderboard: Leaderboard) -> _Board:
    columns = track_columns(leaderboard, None)
    return _Board("entries", "Entries", f"by FLOPs. {_PLACES}.", columns, leaderboard.rows, [])
