"""Read a CSV table in the form of `leaderboard.csv` into the figures that ranking reads."""

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from harness.errors import TableError
from harness.records import METRICS, Figures

PSNR = re.compile(r"psnr_([A-Za-z][A-Za-z0-9]*)_db")
RUNTIME = re.compile(r"runtime_[A-Za-z][A-Za-z0-9]*_ms")
MEMORY = re.compile(r"memory_[A-Za-z][A-Za-z0-9]*_mib")
STATUSES = ("ok", "partial", "failed", "skipped")


@dataclass(frozen=True)
class _Row:
    """The filled cells of one line, by column."""

    place: str  # file and line, for messages
    cells: dict[str, str]

    def number(self, column: str) -> float:
        """Return a finite number that is not negative; only PSNR may be `inf`."""
        text = self.cells[column]
        try:
            number = float(text)
        except ValueError:
            raise self.fault(column, f"{text!r} is not a number") from None
        bounded = math.isfinite(number) or PSNR.fullmatch(column)
        if not (number >= 0 and bounded):
            raise self.fault(column, f"{text!r} must be finite and not negative")
        return number

    def whole(self, column: str) -> int | None:
        """Return a whole number, None from an empty cell."""
        text = self.cells.get(column)
        if text is None:
            return None
        try:
            return int(text)
        except ValueError:
            raise self.fault(column, f"{text!r} is not a whole number") from None

    def numbers(self, pattern: re.Pattern[str]) -> dict[str, float]:
        """Return the filled cells of the columns that match, in the table's order."""
        return {name: self.number(name) for name in self.cells if pattern.fullmatch(name)}

    def fault(self, column: str, what: str) -> TableError:
        """Say what is wrong with a cell, and where it is."""
        return TableError(f"{self.place}, column {column!r}: {what}")


def read_table(path: str | Path) -> list[Figures]:
    """Read one entry per line: UTF-8 (a byte order mark is tolerated), commas, a line of names.

    Needs `name`, some `psnr_S_db` of a split S and some metric; knows `id, team, status, reason`
    and leaves other columns alone. An empty cell is a figure that was not measured. Without
    `runtime_ms` it is the mean of `runtime_S_ms`; without `memory_mib` it is the first
    `memory_S_mib`, as the published tables print it. Raises TableError with file, line and column.
    """
    figures: list[Figures] = []
    lines: dict[int, str] = {}  # id -> where it stands
    for row in _rows(Path(path)):
        entry = _figures(row)
        if entry.id is not None:
            if entry.id in lines:
                raise row.fault("id", f"{entry.id} stands already in {lines[entry.id]}")
            lines[entry.id] = row.place
        figures.append(entry)
    if not figures:
        raise TableError(f"{path} has no entries; give a table in the form of leaderboard.csv")
    return figures


def _rows(path: Path) -> Iterator[_Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(path, header)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield _row(f"{path}, line {reader.line_num}", header, cells)
    except OSError as error:
        raise TableError(f"table {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TableError(f"table {path} is not text in UTF-8; save it as such") from None
    except csv.Error as error:
        raise TableError(f"{path}, line {reader.line_num}: {error}") from None


def _check_header(path: Path, header: Sequence[str]) -> None:
    if not any(header):
        raise TableError(f"table {path} is empty; its first line must name its columns")
    for name in header:
        if name and header.count(name) > 1:
            raise TableError(f"{path}, line 1: the column {name!r} stands twice")
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


def _row(place: str, header: Sequence[str], cells: Sequence[str]) -> _Row:
    if len(cells) != len(header):
        raise TableError(f"{place}: {len(cells)} cells, but line 1 names {len(header)} columns")
    pairs = zip(header, cells, strict=True)
    return _Row(place, {name: cell.strip() for name, cell in pairs if name and cell.strip()})


def _figures(row: _Row) -> Figures:
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
        psnr_db={PSNR.sub(r"\1", name): value for name, value in row.numbers(PSNR).items()},
        metrics=_metrics(row),
    )


def _metrics(row: _Row) -> dict[str, float]:
    metrics = {metric: row.number(metric) for metric in METRICS if metric in row.cells}
    if runtimes := row.numbers(RUNTIME):
        metrics.setdefault("runtime_ms", fmean(runtimes.values()))
    if memories := row.numbers(MEMORY):
        metrics.setdefault("memory_mib", next(iter(memories.values())))
    return metrics
