"""The leaderboard as Markdown, for a README or an issue."""

import re
from pathlib import Path

from harness.ranking.leaderboard import Leaderboard
from harness.store import files
from reports.tables.columns import main_columns


def write(leaderboard: Leaderboard, file: Path) -> None:
    """Write the ranked table and, below it, reasons and flags, not the notes."""
    columns = main_columns(leaderboard)
    lines = [
        [escape(column.heading) for column in columns],
        ["---:" if column.number else "---" for column in columns],
        *([escape(column.text(row)) for column in columns] for row in leaderboard.rows),
    ]
    remarks = [
        f"- {escape(row.figures.name)}: {escape(remark)}"
        for row in leaderboard.rows
        for remark in (row.standing.reason, *(f"{f}: {why}" for f, why in row.doubts.items()))
        if remark
    ]
    table = ["| " + " | ".join(line) + " |" for line in lines]
    title = f"# {escape(leaderboard.protocol.title)}"
    files.write_text(file, "\n".join([title, "", *table, "", *remarks]) + "\n")


def escape(text: str) -> str:
    """Return text on one line that Markdown and its HTML print as it stands."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]{}()#|~$!@])", r"\\\1", line)
