"""Read what papers print, one figure per line, from CSV files in one long format."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import TableError
from harness.store.csv_rows import CsvRow, read_rows

QUALITY = ("psnr_y_db", "ssim_y", "psnr_db", "ssim")  # needs a data set; more is better
COST = ("params", "flops", "activations", "num_conv", "latency_ms", "runtime_ms", "memory_mib")
COLUMNS = ("method", "variant", "scale", "kind", "dataset", "metric", "value", "source")
_MAY_BE_EMPTY = ("variant", "dataset")


@dataclass(frozen=True)
class Published:
    """One published figure."""

    method: str
    variant: str  # of the method, empty for the one that bears its name
    scale: int
    kind: str  # stands in parentheses behind the method's name: paper, retrained, factsheet
    on: str  # data set, or the size of a cost: 1280x720 of the HR image, 256x256 of the LR image
    metric: str  # of QUALITY or COST
    value: float  # base units
    source: str


def read_published(path: Path) -> list[Published]:
    """Read `method, variant, scale, kind, dataset, metric, value, source`, a figure per line.

    `variant` may be empty, and so may `dataset` for a cost. Raises TableError with file, line and
    column, also for a figure that stands twice.
    """
    figures: dict[tuple[object, ...], str] = {}  # all but value and source -> where it stands
    found = []
    for row in read_rows(path, _check_header):
        one = _figure(row)
        key = (one.method, one.variant, one.scale, one.kind, one.on, one.metric)
        if key in figures:
            raise row.fault("value", f"the same figure stands already in {figures[key]}")
        figures[key] = row.place
        found.append(one)
    if not found:
        raise TableError(f"{path} has no figures below its first line")
    return found


def _check_header(path: Path, header: Sequence[str]) -> None:
    if set(header) != set(COLUMNS):
        raise TableError(
            f"{path}, line 1: its columns must be {', '.join(COLUMNS)}, not {', '.join(header)}"
        )


def _figure(row: CsvRow) -> Published:
    for column in COLUMNS:
        if column not in row.cells and column not in _MAY_BE_EMPTY:
            raise row.fault(column, "is empty")
    metric, on = row.cells["metric"], row.cells.get("dataset", "")
    if metric not in QUALITY + COST:
        near = difflib.get_close_matches(metric, QUALITY + COST, n=1, cutoff=0.5)
        advice = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(QUALITY + COST)}"
        raise row.fault("metric", f"{metric!r} is unknown; {advice}")
    if metric in QUALITY and not on:
        raise row.fault("dataset", f"is empty; {metric} needs the name of its data set")
    value, scale = row.number("value"), row.whole("scale")
    if metric.startswith("ssim") and value > 1:
        raise row.fault("value", f"an SSIM of {row.cells['value']} is above 1")
    if not scale or scale < 1:
        raise row.fault("scale", f"{row.cells['scale']!r} is not a factor like 2, 3 or 4")
    cells = row.cells
    method, kind, source = cells["method"], cells["kind"], cells["source"]
    return Published(method, cells.get("variant", ""), scale, kind, on, metric, value, source)
