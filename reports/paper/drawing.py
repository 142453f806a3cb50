"""Figures for print: Times-like, as wide as a column, the same bytes on every machine."""

import warnings
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from harness.store import files

COLUMN, PAGE = 3.25, 6.875  # inches, of a page with two columns
SETTINGS: dict[Any, Any] = {
    "font.family": "STIXGeneral",  # looks like Times, and comes with matplotlib
    "mathtext.fontset": "stix",
    "font.size": 8,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "grid.color": "0.85",
    "grid.linewidth": 0.4,
    "lines.linewidth": 0.8,
    "pdf.fonttype": 42,  # fonts as they are: the publishers' checks refuse Type 3
    "svg.hashsalt": "esr-harness",
}
_NO_DATE = {
    ".pdf": dict.fromkeys(("CreationDate", "Creator", "Producer")),
    ".svg": dict.fromkeys(("Date", "Creator")),
}


def save(figure: Figure, file: Path) -> Path:
    """Write `figure` as its suffix says: `.pdf` or `.svg`."""
    with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        files.write_whole(
            file,
            lambda stream: figure.savefig(
                stream, format=file.suffix[1:], metadata=_NO_DATE[file.suffix]
            ),
        )
    return file
