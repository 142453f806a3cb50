"""The table as CSV, in the form of published figures: it can stand in another paper's table."""

from collections.abc import Iterator

from reports.paper.published import COLUMNS
from reports.paper.table import PaperTable
from reports.tables.csv_table import text_of


def text(table: PaperTable) -> str:
    """Return every figure of the table's methods, base units and full precision, one per line."""
    return text_of(COLUMNS, _rows(table))


def _rows(table: PaperTable) -> Iterator[dict[str, object]]:
    methods = [one for block in table.blocks for group in block.groups for one in group]
    for method in methods:
        for quantity, value in method.values.items():
            yield {
                "method": method.name,
                "scale": method.scale,
                "kind": method.kind or "measured",
                "dataset": quantity.on,
                "metric": quantity.metric,
                "value": value,
                "source": method.origin(quantity),
            }
