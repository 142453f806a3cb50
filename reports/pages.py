"""Jinja2 templates, filled into self-contained files."""

from pathlib import Path

import jinja2

from harness import files
from harness.leaderboard import Leaderboard
from harness.records import Run
from reports import units

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("reports"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)


def write(template: str, run: Run, leaderboard: Leaderboard, page: Path, **content: object) -> None:
    """Fill `template` with the run and `content`; write it to `page`."""
    text = fill(template, run=run, leaderboard=leaderboard, units=units, **content)
    files.write_text(page, text)


def fill(template: str, **content: object) -> str:
    """Return `template` filled with `content`."""
    return _templates.get_template(template).render(**content)
