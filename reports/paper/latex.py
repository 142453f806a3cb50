"""The table in LaTeX, for `\\input` in a paper: booktabs, a block per scale."""

from collections.abc import Sequence
from itertools import groupby

from reports.paper.table import Cell, Line, PaperTable
from reports.tables.latex import escape, footnote, superscript

_MARKS = {
    "colour": {
        "best": r"\textcolor{red}{\textbf{%s}}",
        "second": r"\textcolor{blue}{\underline{%s}}",
    },
    "bold": {"best": r"\textbf{%s}", "second": r"\underline{%s}"},
}
_NEEDS = (
    "% needs \\usepackage[T1]{fontenc}, and textcomp, booktabs, graphicx and xcolor\n"
    "% \\input it in a table* of your own, with your \\caption\n"
)


def text(table: PaperTable, marks: str) -> str:
    """Return a tabular as wide as the line, its footnotes, and as comments what differs."""
    wide = _wide(table)
    layout = "cl" + "".join(r"r@{\,}l" if small else "r" for small in wide)
    lines = [r"\toprule", *_header(table, wide), r"\midrule"]
    for index, block in enumerate(table.blocks):
        lines += [r"\midrule"] if index else []
        lines += [_line(block.scale, line, marks, wide) for line in block.lines]
    lines.append(r"\bottomrule")
    body = "\n".join(lines)
    tabular = f"\\begin{{tabular}}{{{layout}}}\n{body}\n\\end{{tabular}}"
    remarks = [
        *(escape(remark) + r"\quad" for remark in table.remarks),
        *(footnote(number, note) for number, note in enumerate(table.notes, 1)),
    ]
    small = "\n".join([r"\raggedright\sloppy\scriptsize", *remarks])
    differing = [f"% differs: {difference}\n" for difference in table.exceeding]
    return (
        f"{_NEEDS}\\resizebox{{\\linewidth}}{{!}}{{%\n{tabular}}}\n"
        f"\\par\\smallskip{{{small}\\par}}\n{''.join(differing)}"
    )


def _wide(table: PaperTable) -> list[bool]:
    """Tell of each column whether small print stands behind its figures, in a column of its own."""
    lines = [line for block in table.blocks for line in block.lines]
    return [
        any(line.cells[index].small or line.cells[index].note is not None for line in lines)
        for index in range(len(table.columns))
    ]


def _header(table: PaperTable, wide: Sequence[bool]) -> list[str]:
    """Return the line of data sets, the rules below it, and the line of headings."""
    above, rules, at = ["", ""], [], 3
    sides = list(zip(table.columns, wide, strict=True))
    for group, columns in groupby(sides, lambda side: side[0].group):
        count = sum(1 + small for _, small in columns)
        above += [f"\\multicolumn{{{count}}}{{c}}{{{escape(group)}}}"] if group else [""] * count
        rules += [f"\\cmidrule(lr){{{at}-{at + count - 1}}}"] if group else []
        at += count
    named = [
        rf"\multicolumn{{2}}{{r}}{{{escape(column.heading)}}}" if small else escape(column.heading)
        for column, small in sides
    ]
    headings = ["Scale", "Method", *named]
    lines = [" & ".join(above) + r" \\", " ".join(rules)] if rules else []
    return [*lines, " & ".join(headings) + r" \\"]


def _line(scale: int, line: Line, marks: str, wide: Sequence[bool]) -> str:
    name = escape(line.full_name) + superscript(line.notes)
    cells = (_cell(cell, marks, small) for cell, small in zip(line.cells, wide, strict=True))
    return " & ".join([f"$\\times{scale}$", name, *cells]) + r" \\"


def _cell(cell: Cell, marks: str, wide: bool) -> str:
    figure = escape(cell.text)
    if cell.mark:
        figure = _MARKS[marks][cell.mark] % figure
    small = superscript([cell.note]) if cell.note is not None else ""
    small += f"{{\\scriptsize ({escape(cell.small)})}}" if cell.small else ""
    return f"{figure} & {small}" if wide else figure
