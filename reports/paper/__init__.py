"""What authors put into a paper: the benchmark table, its figures, the visual comparison.

methods      measured runs and published figures as the same rows: a method at one scale
published    what papers print, one figure per line of a CSV file
columns      what costs and qualities are called, and how they are printed
layout       order, marks, ratios, footnotes
differences  measured figures against published ones
table        the table, free of any format, and what is wanted of it
latex        the table in LaTeX, a block per scale
markdown     the table in Markdown
csv_table    the table as CSV, in the form of published figures
figures      PSNR against a cost, methods as bubbles
drawing      figures for print, as wide as a column
strip        a box of one image, as every method restores it
"""

from collections.abc import Sequence
from pathlib import Path

from harness.store import files
from reports.pages.templates import fill
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
