"""The columns that people read, in the order of the challenge's own tables."""

from collections.abc import Callable
from dataclasses import dataclass

from harness.ranking.columns import Cell
from harness.ranking.eligibility import reaches
from harness.ranking.leaderboard import Leaderboard, Row
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


def main_columns(leaderboard: Leaderboard) -> list[Column]:
    """Return the columns of the ranked table, all tracks in one.

    Columns that nobody fills are left out.
    """
    protocol = leaderboard.protocol
    if protocol.main_track is None:
        return [*track_columns(leaderboard, None), _plain("Status", "status")]
    columns = [
        *track_columns(leaderboard, protocol.main_track),
        *(_track(track.name) for track in protocol.tracks[1:]),
        Column(
            "ahead_of_next",
            "Ahead of next",
            lambda row: row.certainty.ahead,
            lambda row: units.percent(row.certainty.ahead),
        ),
        _plain("Eligible", "eligible"),
        _plain("Status", "status"),
    ]
    return _filled(columns, leaderboard)


def track_columns(leaderboard: Leaderboard, track: Track | None) -> list[Column]:
    """Return the columns of one track's table; without a track, those of figures alone.

    Columns that nobody fills are left out.
    """
    protocol = leaderboard.protocol
    columns = [
        *([_place(track)] if track else []),
        _plain("ID", "id", number=True),
        _plain("Entry", "name"),
        _plain("Team", "team"),
        *([_score_of(track)] if track else []),
        *(_psnr(split, protocol) for split in protocol.splits),
        Column(
            "runtime_ms",
            "Runtime [ms]",
            lambda row: row.figures.metrics.get("runtime_ms"),
            _runtime,
            metric="runtime_ms",
        ),
        _OFFICIAL,
        _metric("Params [M]", "params", units.mega),
        _metric("FLOPs [G]", "flops", units.giga),
        _metric("Act. [M]", "activations", units.mega),
        _metric("Memory [MiB]", "memory_mib", units.mib),
        _plain("Energy [mJ]", "energy_mj", number=True, show=units.mj),
    ]
    return _filled(columns, leaderboard)


def _filled(columns: list[Column], leaderboard: Leaderboard) -> list[Column]:
    rows = leaderboard.rows
    return [one for one in columns if any(one.text(row) != units.MISSING for row in rows)]


def _plain(
    heading: str, key: str, number: bool = False, show: Callable[[Cell], str] = units.plain
) -> Column:
    return Column(
        key,
        heading,
        lambda row: row.columns.get(key),
        lambda row: show(row.columns.get(key)),
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


def _place(track: Track) -> Column:
    return Column(
        "rank",
        "Rank",
        lambda row: _rank(row, track),
        lambda row: _ranks(row, track),
    )


def _score_of(track: Track) -> Column:
    return Column(
        "score",
        "Score",
        lambda row: place.log_score if (place := row.standing.places.get(track.name)) else None,
        lambda row: score_of(row, track.name),
    )


def _psnr(split: Split, protocol: Protocol) -> Column:
    def text(row: Row) -> str:
        """Print PSNR; PSNR and SSIM where tables are of Y, as papers do."""
        psnr = units.db(row.figures.psnr_db.get(split.name))
        ssim = row.columns.get(f"ssim_y_{split.name}") if protocol.colour == "y" else None
        return psnr if ssim is None else f"{psnr} / {units.db4(ssim)}"

    def note(row: Row) -> str:
        """Say whether the threshold is reached, not by a colour."""
        value = row.figures.psnr_db.get(split.name)
        if value is None or split.threshold is None:
            return ""
        sign = "≥" if reaches(value, split.threshold) else "✗ <"
        return f"{sign} {split.threshold.db:.{split.threshold.decimals}f}"

    return Column(
        f"psnr_{split.name}",
        f"{protocol.psnr} {split.name} [dB]" + (" / SSIM-Y" if protocol.colour == "y" else ""),
        lambda row: row.figures.psnr_db.get(split.name),
        text,
        note=note,
    )


def _runtime(row: Row) -> str:
    """Print the runtime with half its 95 % interval: `6.51 ± 0.04`."""
    value = row.figures.metrics.get("runtime_ms")
    low, high = (row.runtime.interval_ms if row.runtime else None) or (0.0, 0.0)
    if value is None or high <= low:
        return units.ms(value)
    return units.certain(value, (high - low) / 2)


def _to_fair(row: Row) -> str:
    """Say how much slower an entry is cold."""
    official = row.columns.get("runtime_official_ms")
    if not isinstance(official, float) or row.runtime is None:
        return ""
    return f"{official / row.runtime.ms:.2f} × fair"


_OFFICIAL = Column(
    "runtime_official_ms",
    "Official [ms]",
    lambda row: row.columns.get("runtime_official_ms"),
    lambda row: units.ms(row.columns.get("runtime_official_ms")),
    note=_to_fair,
)


def _track(track: str) -> Column:
    def text(row: Row) -> str:
        place = row.standing.places.get(track)
        return str(place.rank) if place else units.MISSING

    return Column(f"track_{track}", f"Track {track}", text, text)


def _rank(row: Row, track: Track) -> int | None:
    place = row.standing.places.get(track.name)
    return place.rank if place else None


def _ranks(row: Row, track: Track) -> str:
    """Print the rank, or the ranks that cannot be told apart: `3-4`."""
    rank = _rank(row, track)
    low, high = row.certainties[track.name].ranks or (rank, rank)
    return units.plain(rank) if low == high else f"{low}-{high}"


def score_of(row: Row, track: str) -> str:
    """Print the score of a track with the digits that are certain."""
    place, sure = row.standing.places.get(track), row.certainties.get(track)
    if place is None:
        return units.MISSING
    return units.score(place.log_score, sure.log_score if sure else None)
