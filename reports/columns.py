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
        _column("Rank", "rank", units.plain),
        _column("ID", "id", units.plain),
        _column("Entry", "name", units.plain, number=False),
        _column("Team", "team", units.plain, number=False),
        Column("Score", lambda row: _score(row, protocol.tracks[0].name)),
        *(_psnr(split.name) for split in protocol.splits),
        _metric("Runtime [ms]", "runtime_ms", units.ms),
        _metric("Params [M]", "params", units.mega),
        _metric("FLOPs [G]", "flops", units.giga),
        _metric("Act. [M]", "activations", units.mega),
        _metric("Memory [MiB]", "memory_mib", units.mib),
        *(_track(track.name) for track in protocol.tracks[1:]),
        _column("Eligible", "eligible", units.plain, number=False),
        _column("Status", "status", units.plain, number=False),
    ]


def _column(heading: str, key: str, show: Callable[[Cell], str], number: bool = True) -> Column:
    return Column(heading, lambda row: show(row.columns.get(key)), number)


def _metric(heading: str, metric: str, show: Callable[[Cell], str]) -> Column:
    return Column(heading, lambda row: show(row.figures.metrics.get(metric)))


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
