"""CSV tables: base units, full precision, one row per entry or image."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.ranking import frames
from harness.ranking.leaderboard import Leaderboard
from harness.records import Run
from harness.records.text import cell
from harness.store import files


def write_leaderboard(leaderboard: Leaderboard, file: Path) -> None:
    """Write `leaderboard.csv`: one row per entry, best first."""
    rows = [row.columns for row in leaderboard.rows]
    _write(file, list(rows[0]), rows)


def write_images(run: Run, file: Path) -> None:
    """Write `per_image.csv`: fidelity and median runtime of every entry on every image."""
    rows = (
        {"entry": entry.slug, "id": entry.id, "name": entry.name, **row}
        for entry in run.entries
        for row in frames.images(run, entry)
    )
    _write(file, ["entry", "id", "name", *frames.IMAGE_COLUMNS], rows)


def _write(file: Path, header: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    files.write_text(file, text_of(header, rows))


def text_of(header: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows as CSV with a line of column names; no text in it is a formula."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: cell(text) if isinstance(text, str) else text for key, text in row.items()}
        for row in rows
    )
    return text.getvalue()
