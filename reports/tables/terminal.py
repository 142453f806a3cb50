"""The leaderboard as text for a terminal."""

from collections.abc import Sequence

from harness.ranking.leaderboard import Leaderboard
from reports.tables.columns import main_columns


def table(leaderboard: Leaderboard) -> str:
    """Return the ranked table, then what a reader must know of entries and ranking."""
    columns = main_columns(leaderboard)
    texts = [[one.heading, *(one.text(row) for row in leaderboard.rows)] for one in columns]
    lines = aligned(texts, [column.number for column in columns])
    return "\n".join([*lines, *_remarks(leaderboard)])


def aligned(columns: Sequence[Sequence[str]], numbers: Sequence[bool]) -> list[str]:
    """Return the lines of a table from its columns, each with its heading first."""
    padded = []
    for cells, number in zip(columns, numbers, strict=True):
        width = max(map(len, cells))
        pad = str.rjust if number else str.ljust
        padded.append([pad(cells[0], width), "-" * width, *(pad(c, width) for c in cells[1:])])
    return ["  ".join(line).rstrip() for line in zip(*padded, strict=True)]


def _remarks(leaderboard: Leaderboard) -> list[str]:
    remarks = list(leaderboard.notes)
    for row in leaderboard.rows:
        name = row.figures.name
        if row.standing.reason:
            remarks.append(f"{name}: {row.standing.reason}")
        remarks.extend(f"{name}: [{flag}] {text}" for flag, text in row.doubts.items())
    notes = sum(len(row.flags) - len(row.doubts) for row in leaderboard.rows)
    if notes:
        remarks.append(f"The report has {notes} note{'s' if notes > 1 else ''} on entries.")
    return ["", *remarks] if remarks else []
