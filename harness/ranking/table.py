"""Read a CSV table in the form of `leaderboard.csv` into the figures that ranking reads."""

import re
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from harness.errors import TableError
from harness.records import METRICS, Figures
from harness.records.ranking import PSNR
from harness.store.csv_rows import CsvRow, read_rows

RUNTIME = re.compile(r"runtime_[A-Za-z][A-Za-z0-9]*_ms")
MEMORY = re.compile(r"memory_[A-Za-z][A-Za-z0-9]*_mib")
STATUSES = ("ok", "partial", "failed", "skipped", "pending")


def read_table(path: str | Path) -> list[Figures]:
    """Read one entry per line: UTF-8 (a byte order mark is tolerated), commas, a line of names.

    Needs `name`, some `psnr_S_db` of a split S and some metric; knows `id, team, status, reason`
    and leaves other columns alone. An empty cell is a figure that was not measured. Without
    `runtime_ms` it is the mean of `runtime_S_ms`; without `memory_mib` it is the first
    `memory_S_mib`, as the published tables print it. Raises TableError with file, line and column.
    """
    figures: list[Figures] = []
    lines: dict[int, str] = {}  # id -> where it stands
    for row in read_rows(Path(path), _check_header):
        entry = _figures(row)
        if entry.id is not None:
            if entry.id in lines:
                raise row.fault("id", f"{entry.id} stands already in {lines[entry.id]}")
            lines[entry.id] = row.place
        figures.append(entry)
    if not figures:
        raise TableError(f"{path} has no entries; give a table in the form of leaderboard.csv")
    return figures


def _check_header(path: Path, header: Sequence[str]) -> None:
    missing = [] if "name" in header else ["name"]
    if not any(PSNR.fullmatch(name) for name in header):
        missing.append("psnr_S_db of some split S")
    if not any(name in METRICS or RUNTIME.fullmatch(name) for name in header):
        missing.append(f"a metric ({', '.join(METRICS)})")
    if missing:
        raise TableError(
            f"{path}, line 1: missing columns: {'; '.join(missing)}. "
            "Give a table in the form of leaderboard.csv, separated by commas"
        )


def _figures(row: CsvRow) -> Figures:
    if "name" not in row.cells:
        raise row.fault("name", "is empty")
    status = row.cells.get("status", "ok")
    if status not in STATUSES:
        raise row.fault("status", f"{status!r} is none of {', '.join(STATUSES)}")
    return Figures(
        name=row.cells["name"],
        id=row.whole("id"),
        team=row.cells.get("team", ""),
        status=status,
        reason=row.cells.get("reason", "") if status != "ok" else "",
        psnr_db={
            PSNR.sub(r"\1", name): row.number(name, bounded=False) for name in row.matching(PSNR)
        },
        metrics=_metrics(row),
    )


def _metrics(row: CsvRow) -> dict[str, float]:
    metrics = {metric: row.number(metric) for metric in METRICS if metric in row.cells}
    if runtimes := [row.number(name) for name in row.matching(RUNTIME)]:
        metrics.setdefault("runtime_ms", fmean(runtimes))
    if memories := [row.number(name) for name in row.matching(MEMORY)]:
        metrics.setdefault("memory_mib", memories[0])
    return metrics
