"""Reports: rendered from a stored run alone, never measuring.

pages/      HTML pages: leaderboard, factsheets, profile, changes
tables/     the leaderboard as a table, in every format
paper/      what authors put into a paper
templates/  Jinja2 templates, style and script of the pages
comparison  two sets of figures, metric beside metric
drawing     figures as inline SVG
pdf         pages as PDF files, by a headless Chromium
public      what of a run may be shown to everyone
verification  a stored run held to its raw samples and its trail
units       how numbers are printed; only rendering scales them
"""

from pathlib import Path

from harness.ranking.leaderboard import Leaderboard
from harness.records import Entry, Run
from harness.store import trail
from reports.pages import factsheets, history, index
from reports.tables import csv_table, latex, markdown

__all__ = ["PUBLISHED", "factsheet", "render"]

PUBLISHED = Path(__file__).parent / "published"  # tables of past editions and papers


def render(
    run: Run,
    leaderboard: Leaderboard,
    out: Path,
    stored: Path | None = None,
    *,
    public: bool = False,
) -> Path:
    """Write the tables and pages of `run` below `out`; return the page to look at first.

    `leaderboard` ranks the run. `stored` is the run's folder, which holds its pictures and its
    trail, where that is not `out`. What was done to it is not `public`.
    """
    told = trail.Trail() if public else trail.read(stored or out)
    earlier = _pages(out)
    csv_table.write_leaderboard(leaderboard, out / "leaderboard.csv")
    csv_table.write_images(run, out / "per_image.csv")
    markdown.write(leaderboard, out / "leaderboard.md")
    latex.write(run, leaderboard, out / "tables")
    page = out / "report" / "index.html"
    index.write(run, leaderboard, page, with_history=bool(told.events))
    if told.events:
        history.write(told, page.with_name("history.html"), run.protocol.title)
    factsheets.write(run, leaderboard, page.parent / "factsheets", stored or out)
    # a page that was not written again shows an entry that is no longer there
    for stale in earlier.items() & _pages(out).items():
        stale[0].unlink()
    return page


def factsheet(page: Path, entry: Entry) -> Path:
    """Return where the page of an entry is, beside the first `page`."""
    return page.parent / "factsheets" / f"{entry.slug}.html"


def _pages(out: Path) -> dict[Path, int]:
    """Return the pages that are there, with the moment in which each was written, in ns."""
    patterns = ("report/**/*.html", "report/**/*.pdf", "tables/*.tex")
    found = (file for pattern in patterns for file in out.glob(pattern))
    return {file: file.stat().st_mtime_ns for file in found}
