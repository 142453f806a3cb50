"""Reports: rendered from a stored run alone, never measuring."""

from pathlib import Path

from harness.leaderboard import of_run
from harness.records import Run
from reports import csv_table, factsheets, index, latex, markdown

__all__ = ["PUBLISHED", "render"]

PUBLISHED = Path(__file__).parent / "published"  # tables of past editions and papers


def render(run: Run, out: Path, stored: Path | None = None) -> Path:
    """Write the tables and pages of `run` below `out`; return the page to look at first.

    `stored` is the run's folder, which holds its pictures, where that is not `out`.
    """
    leaderboard = of_run(run)
    _remove_pages(out)
    csv_table.write_leaderboard(leaderboard, out / "leaderboard.csv")
    csv_table.write_images(run, out / "per_image.csv")
    markdown.write(leaderboard, out / "leaderboard.md")
    latex.write(run, leaderboard, out / "tables")
    page = out / "report" / "index.html"
    index.write(run, leaderboard, page)
    factsheets.write(run, leaderboard, page.parent / "factsheets", stored or out)
    return page


def _remove_pages(out: Path) -> None:
    """Remove what an earlier rendering left, which may show entries that are no longer there."""
    for pattern in ("report/**/*.html", "report/**/*.pdf", "tables/*.tex"):
        for stale in out.glob(pattern):
            stale.unlink()
