"""The columns that people read, in the order of the challenge's own tables."""

from collections.abc import Callable
from dataclasses import dataclass

from harness.leaderboard import Cell, Row
from harness.ranking import format_score
from harness.records import Protocol
from reports import units


@dataclass(frozen=True)
class Column:
    """One printed column: its heading, its text for a row, and whether it is a number."""

    heading: str
    text: Callable[[Row], str]
    number: bool = True


def main_columns(protocol: Protocol) -> list[Column]:
    """Return the columns of the ranked table under `protocol`."""
    return [
        Column("Rank", _rank),
        _column("ID", "id", units.plain),
        _column("Entry", "name", units.plain, number=False),
        _column("Team", "team", units.plain, number=False),
        Column("Score", lambda row: _score(row, protocol.tracks[0].name)),
        *(_psnr(split.name) for split in protocol.splits),
        Column("Runtime [ms]", _runtime),
        _metric("Params [M]", "params", units.mega),
        _metric("FLOPs [G]", "flops", units.giga),
        _metric("Act. [M]", "activations", units.mega),
        _metric("Memory [MiB]", "memory_mib", units.mib),
        *(_track(track.name) for track in protocol.tracks[1:]),
        Column("Ahead of next", lambda row: units.percent(row.certainty.ahead)),
        _column("Eligible", "eligible", units.plain, number=False),
        _column("Status", "status", units.plain, number=False),
    ]


def _column(heading: str, key: str, show: Callable[[Cell], str], number: bool = True) -> Column:
    return Column(heading, lambda row: show(row.columns.get(key)), number)


def _metric(heading: str, metric: str, show: Callable[[Cell], str]) -> Column:
    return Column(heading, lambda row: show(row.figures.metrics.get(metric)))


def _rank(row: Row) -> str:
    """Print the rank, or the ranks that cannot be told apart: `3-4`."""
    low, high = row.certainty.ranks or (row.rank, row.rank)
    return units.plain(row.rank) if low == high else f"{low}-{high}"


def _runtime(row: Row) -> str:
    """Print the runtime with half its 95 % interval: `6.51 ± 0.04`."""
    text = units.ms(row.figures.metrics.get("runtime_ms"))
    low, high = (row.runtime.interval_ms if row.runtime else None) or (0.0, 0.0)
    return f"{text} ± {units.ms((high - low) / 2)}" if high > low else text


def _psnr(split: str) -> Column:
    return Column(f"PSNR {split} [dB]", lambda row: units.db(row.figures.psnr_db.get(split)))


def _track(track: str) -> Column:
    def text(row: Row) -> str:
        place = row.standing.places.get(track)
        return f"{place.rank} ({_score(row, track)})" if place else units.MISSING

    return Column(f"Track {track}", text)


def _score(row: Row, track: str) -> str:
    place = row.standing.places.get(track)
    return format_score(place.log_score) if place else units.MISSING
