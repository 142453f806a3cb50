"""What authors put into a paper: the benchmark table, its figures, the visual comparison."""

from collections.abc import Sequence
from pathlib import Path

from harness import files
from reports.pages import fill
from reports.paper import csv_table, latex, markdown
from reports.paper.table import PaperTable

SUFFIXES = {"latex": ".tex", "md": ".md", "html": ".html", "csv": ".csv"}


def write(
    table: PaperTable, formats: Sequence[str], folder: Path, name: str, marks: str
) -> list[Path]:
    """Write `name` in each of the `formats` (SUFFIXES); best figures marked by colour or bold."""
    written = []
    for form in formats:
        file = folder / f"{name}{SUFFIXES[form]}"
        files.write_text(file, _text(table, form, marks))
        written.append(file)
    return written


def _text(table: PaperTable, form: str, marks: str) -> str:
    if form == "latex":
        return latex.text(table, marks)
    if form == "html":
        return fill("paper.html", table=table, marks=marks)
    return {"md": markdown.text, "csv": csv_table.text}[form](table)
