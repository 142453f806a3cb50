"""The columns that people read, in the order of the challenge's own tables."""

from collections.abc import Callable
from dataclasses import dataclass

from harness.eligibility import reaches
from harness.leaderboard import Cell, Row
from harness.ranking import format_score
from harness.records import Protocol, Split, Track
from reports import units


@dataclass(frozen=True)
class Column:
    """One printed column."""

    key: str  # names it in links
    heading: str
    value: Callable[[Row], Cell]  # raw, to sort by; None is missing
    text: Callable[[Row], str]
    number: bool = True
    note: Callable[[Row], str] = lambda row: ""  # small beside the text
    metric: str = ""  # whose rank among the eligible entries stands beside the value


def main_columns(protocol: Protocol) -> list[Column]:
    """Return the columns of the ranked table under `protocol`, all tracks in one."""
    main, *others = protocol.tracks
    return [
        *track_columns(protocol, main),
        *(_track(track.name) for track in others),
        Column(
            "ahead_of_next",
            "Ahead of next",
            lambda row: row.certainty.ahead,
            lambda row: units.percent(row.certainty.ahead),
        ),
        _plain("Eligible", "eligible"),
        _plain("Status", "status"),
    ]


def track_columns(protocol: Protocol, track: Track) -> list[Column]:
    """Return the columns of one track's table."""
    return [
        Column(
            "rank",
            "Rank",
            lambda row: _rank(row, track),
            lambda row: _ranks(row, track, track is protocol.tracks[0]),
        ),
        _plain("ID", "id", number=True),
        _plain("Entry", "name"),
        _plain("Team", "team"),
        Column(
            "score",
            "Score",
            lambda row: place.log_score if (place := row.standing.places.get(track.name)) else None,
            lambda row: _score(row, track.name),
        ),
        *(_psnr(split) for split in protocol.splits),
        Column(
            "runtime_ms",
            "Runtime [ms]",
            lambda row: row.figures.metrics.get("runtime_ms"),
            _runtime,
            metric="runtime_ms",
        ),
        _metric("Params [M]", "params", units.mega),
        _metric("FLOPs [G]", "flops", units.giga),
        _metric("Act. [M]", "activations", units.mega),
        _metric("Memory [MiB]", "memory_mib", units.mib),
    ]


def _plain(heading: str, key: str, number: bool = False) -> Column:
    return Column(
        key,
        heading,
        lambda row: row.columns.get(key),
        lambda row: units.plain(row.columns.get(key)),
        number,
    )


def _metric(
    heading: str,
    metric: str,
    show: Callable[[Cell], str],
) -> Column:
    return Column(
        metric,
        heading,
        lambda row: row.figures.metrics.get(metric),
        lambda row: show(row.figures.metrics.get(metric)),
        metric=metric,
    )


def _psnr(split: Split) -> Column:
    def note(row: Row) -> str:
        """Say whether the threshold is reached, not by a colour."""
        value = row.figures.psnr_db.get(split.name)
        if value is None or split.threshold is None:
            return ""
        sign = "≥" if reaches(value, split.threshold) else "✗ <"
        return f"{sign} {split.threshold.db:.{split.threshold.decimals}f}"

    return Column(
        f"psnr_{split.name}",
        f"PSNR {split.name} [dB]",
        lambda row: row.figures.psnr_db.get(split.name),
        lambda row: units.db(row.figures.psnr_db.get(split.name)),
        note=note,
    )


def _runtime(row: Row) -> str:
    """Print the runtime with half its 95 % interval: `6.51 ± 0.04`; an idle one as `± > 100 %`."""
    value = row.figures.metrics.get("runtime_ms")
    low, high = (row.runtime.interval_ms if row.runtime else None) or (0.0, 0.0)
    if value is None or high <= low:
        return units.ms(value)
    half = (high - low) / 2
    return f"{units.ms(value)} ± {units.ms(half) if half < value else '> 100 %'}"


def _track(track: str) -> Column:
    def text(row: Row) -> str:
        place = row.standing.places.get(track)
        return f"{place.rank} ({_score(row, track)})" if place else units.MISSING

    return Column(f"track_{track}", f"Track {track}", text, text)


def _rank(row: Row, track: Track) -> int | None:
    place = row.standing.places.get(track.name)
    return place.rank if place else None


def _ranks(row: Row, track: Track, main: bool) -> str:
    """Print the rank; in the main track the ranks that cannot be told apart: `3-4`."""
    rank = _rank(row, track)
    low, high = (row.certainty.ranks if main else None) or (rank, rank)
    return units.plain(rank) if low == high else f"{low}-{high}"


def _score(row: Row, track: str) -> str:
    place = row.standing.places.get(track)
    return format_score(place.log_score) if place else units.MISSING
