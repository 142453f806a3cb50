"""The leaderboard's page: a table per track, figures, and what was measured."""

from pathlib import Path

from harness.leaderboard import Leaderboard, Row
from harness.records import Run
from reports import figures, pages
from reports.columns import track_columns


def write(run: Run, leaderboard: Leaderboard, page: Path) -> None:
    """Render `run` to `page`."""
    tracks = leaderboard.protocol.tracks
    pages.write(
        "index.html",
        page,
        run=run,
        leaderboard=leaderboard,
        boards=[(track, track_columns(leaderboard.protocol, track)) for track in tracks],
        ranked={track.name: _ranked(leaderboard, track.name) for track in tracks},
        unranked={track.name: _unranked(leaderboard, track.name) for track in tracks},
        figures=figures.of_run(run, leaderboard),
    )


def _ranked(leaderboard: Leaderboard, track: str) -> list[Row]:
    placed = [row for row in leaderboard.rows if track in row.standing.places]
    return sorted(placed, key=lambda row: row.standing.places[track].rank)


def _unranked(leaderboard: Leaderboard, track: str) -> list[Row]:
    return [row for row in leaderboard.rows if track not in row.standing.places]
