"""Jinja2 templates, filled into self-contained files."""

import re
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

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


def prose(text: str) -> Markup:
    """Return a team's text with what stands in backticks as code."""
    parts = text.split("`")
    whole = len(parts) % 2 == 1  # an unpaired backtick stays as it is
    shown = (
        Markup("<code>{}</code>").format(part) if whole and index % 2 else escape(part)
        for index, part in enumerate(parts)
    )
    return Markup("" if whole else "`").join(shown)


def breakable(name: str) -> Markup:
    """Return a name that lines break after its joints, not amid its words."""
    return Markup(re.sub(r"(?<=\w)([_/-])(?=\w)", r"\1<wbr>", str(escape(name))))


_templates.filters |= {"prose": prose, "breakable": breakable}


def write(template: str, page: Path, **content: object) -> None:
    """Fill `template` with `content`; write it to `page`."""
    files.write_text(page, fill(template, **content))


def fill(template: str, **content: object) -> str:
    """Return `template` filled with `content`."""
    return _templates.get_template(template).render(units=units, **content)
