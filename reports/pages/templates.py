"""Jinja2 templates, filled into self-contained files."""

from pathlib import Path

import jinja2

from harness.statistics.flags import is_note
from harness.store import files
from reports import units

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("reports"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_templates.tests["note"] = is_note


def write(template: str, page: Path, **content: object) -> None:
    """Fill `template` with `content`; write it to `page`."""
    files.write_text(page, fill(template, **content))


def fill(template: str, **content: object) -> str:
    """Return `template` filled with `content`."""
    return _templates.get_template(template).render(units=units, **content)
