"""The table in Markdown, as GitHub shows it: no colours, so bold and underlined."""

from reports.paper.table import Block, Cell, PaperTable
from reports.tables.markdown import escape

_MARKS = {"": "%s", "best": "**%s**", "second": "<ins>%s</ins>"}


def text(table: PaperTable) -> str:
    """Return a table per scale, the footnotes, and a list of what differs."""
    parts = ["# Benchmark table", *(_block(table, block) for block in table.blocks)]
    parts.append(" ".join(map(escape, table.remarks)))
    parts.append("\n".join(f"{number}. {escape(n)}" for number, n in enumerate(table.notes, 1)))
    if table.differences:
        parts += ["## Measured against published", escape(table.summary)]
        parts.append("\n".join(f"- {escape(str(one))}" for one in table.exceeding))
    return "\n\n".join(filter(None, parts)) + "\n"


def _block(table: PaperTable, block: Block) -> str:
    rows = [
        ["Method", *(escape(column.label) for column in table.columns)],
        ["---", *("---:" for _ in table.columns)],
        *(
            [escape(line.full_name) + _raised(line.notes), *map(_cell, line.cells)]
            for line in block.lines
        ),
    ]
    return "\n".join([f"## ×{block.scale}", "", *("| " + " | ".join(row) + " |" for row in rows)])


def _cell(cell: Cell) -> str:
    figure = _MARKS[cell.mark] % escape(cell.text)
    figure += _raised(() if cell.note is None else (cell.note,))
    return f"{figure}<br><sub>{escape(cell.small)}</sub>" if cell.small else figure


def _raised(numbers: tuple[int, ...]) -> str:
    return f"<sup>{','.join(map(str, numbers))}</sup>" if numbers else ""
