"""The page of a run: a ranked table and a section per entry. One self-contained file."""

from pathlib import Path

import jinja2

from harness import files
from harness.leaderboard import COUNTERS, Leaderboard
from harness.records import Run
from reports import units
from reports.columns import main_columns

_LOG_CHARACTERS = 20_000

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("reports"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)


def write(run: Run, leaderboard: Leaderboard, page: Path) -> None:
    """Render `run` to `page`."""
    text = _templates.get_template("index.html").render(
        run=run,
        leaderboard=leaderboard,
        columns=main_columns(run.protocol),
        counters=COUNTERS,
        units=units,
        log_characters=_LOG_CHARACTERS,
    )
    files.write_text(page, text)
