"""Reports: rendered from a stored run alone, never measuring.

pages/      HTML pages: leaderboard, factsheets, profile, changes
tables/     the leaderboard as a table, in every format
paper/      what authors put into a paper
templates/  Jinja2 templates, style and script of the pages
comparison  two sets of figures, metric beside metric
drawing     figures as inline SVG
pdf         pages as PDF files, by a headless Chromium
public      what of a run may be shown to everyone
units       how numbers are printed; only rendering scales them
"""

from pathlib import Path

from harness.ranking.leaderboard import Leaderboard
from harness.records import Run
from reports.pages import factsheets, index
from reports.tables import csv_table, latex, markdown

__all__ = ["PUBLISHED", "render"]

PUBLISHED = Path(__file__).parent / "published"  # tables of past editions and papers


def render(run: Run, leaderboard: Leaderboard, out: Path, stored: Path | None = None) -> Path:
    """Write the tables and pages of `run` below `out`; return the page to look at first.

    `leaderboard` ranks the run. `stored` is the run's folder, which holds its pictures, where
    that is not `out`.
    """
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
