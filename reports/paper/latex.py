"""The table in LaTeX, for `\\input` in a paper: booktabs, a block per scale."""

from itertools import groupby

from reports.paper.table import Cell, Line, PaperTable
from reports.tables.latex import escape, footnote, superscript

_MARKS = {
    "colour": {"best": r"\textcolor{red}{%s}", "second": r"\textcolor{blue}{%s}"},
    "bold": {"best": r"\textbf{%s}", "second": r"\underline{%s}"},
}
_NEEDS = (
    "% needs \\usepackage[T1]{fontenc}, and textcomp, booktabs, graphicx and xcolor\n"
    "% \\input it in a table* of your own, with your \\caption\n"
)


def text(table: PaperTable, marks: str) -> str:
    """Return a tabular as wide as the line, its footnotes, and as comments what differs."""
    layout = "cl" + "r" * len(table.columns)
    lines = [r"\toprule", *_header(table), r"\midrule"]
    for index, block in enumerate(table.blocks):
        lines += [r"\midrule"] if index else []
        lines += [_line(block.scale, line, marks) for line in block.lines]
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


def _header(table: PaperTable) -> list[str]:
    """Return the line of data sets, the rules below it, and the line of headings."""
    above, rules, at = ["", ""], [], 3
    for group, columns in groupby(table.columns, lambda column: column.group):
        count = len(list(columns))
        above += [f"\\multicolumn{{{count}}}{{c}}{{{escape(group)}}}"] if group else [""] * count
        rules += [f"\\cmidrule(lr){{{at}-{at + count - 1}}}"] if group else []
        at += count
    headings = ["Scale", "Method", *(escape(column.heading) for column in table.columns)]
    lines = [" & ".join(above) + r" \\", " ".join(rules)] if rules else []
    return [*lines, " & ".join(headings) + r" \\"]


def _line(scale: int, line: Line, marks: str) -> str:
    name = escape(line.full_name) + superscript(line.notes)
    cells = (_cell(cell, marks) for cell in line.cells)
    return " & ".join([f"$\\times{scale}$", name, *cells]) + r" \\"


def _cell(cell: Cell, marks: str) -> str:
    figure = escape(cell.text)
    if cell.mark:
        figure = _MARKS[marks][cell.mark] % figure
    if cell.note is not None:
        figure += superscript([cell.note])
    return f"{figure} {{\\scriptsize ({escape(cell.small)})}}" if cell.small else figure
