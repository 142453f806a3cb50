"""Reports: rendered from a stored run alone, never measuring."""

from pathlib import Path

from harness.leaderboard import of_run
from harness.records import Run
from reports import csv_table, factsheets, index, latex, markdown

__all__ = ["PUBLISHED", "render"]

PUBLISHED = Path(__file__).parent / "published"  # tables of past editions and papers


def render(run: Run, out: Path) -> Path:
    """Write the tables and pages of `run` below `out`; return the page to look at first."""
    leaderboard = of_run(run)
    csv_table.write_leaderboard(leaderboard, out / "leaderboard.csv")
    csv_table.write_images(run, out / "per_image.csv")
    markdown.write(leaderboard, out / "leaderboard.md")
    latex.write(run, leaderboard, out / "tables")
    page = out / "report" / "index.html"
    index.write(run, leaderboard, page)
    factsheets.write(run, leaderboard, page.parent / "factsheets")
    return page
