"""Reports: rendered from a stored run alone, never measuring."""

from pathlib import Path

from harness.leaderboard import of_run
from harness.records import Run
from reports import csv_table, html

__all__ = ["PUBLISHED", "render"]

PUBLISHED = Path(__file__).parent / "published"  # tables of past editions and papers


def render(run: Run, out: Path) -> Path:
    """Write the tables and pages of `run` below `out`; return the page to look at first."""
    leaderboard = of_run(run)
    csv_table.write_leaderboard(leaderboard, out / "leaderboard.csv")
    csv_table.write_images(run, out / "per_image.csv")
    page = out / "report" / "index.html"
    html.write(run, leaderboard, page)
    return page
