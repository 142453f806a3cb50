"""CSV files as rows that know where they stand: a fault names file, line and column."""

import csv
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import TableError
from harness.records.text import of_cell

CheckHeader = Callable[[Path, Sequence[str]], None]  # raises TableError


@dataclass(frozen=True)
class CsvRow:
    """The filled cells of one line, by column."""

    place: str  # file and line, for messages
    cells: dict[str, str]

    def number(self, column: str, bounded: bool = True) -> float:
        """Return a number that is not negative; where it is not `bounded` it may be `inf`."""
        text = self.cells[column]
        try:
            number = float(text)
        except ValueError:
            raise self.fault(column, f"{text!r} is not a number") from None
        if not (number >= 0 and (math.isfinite(number) or not bounded)):
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

    def matching(self, pattern: re.Pattern[str]) -> list[str]:
        """Return the columns of filled cells that match, in the table's order."""
        return [name for name in self.cells if pattern.fullmatch(name)]

    def fault(self, column: str, what: str) -> TableError:
        """Say what is wrong with a cell, and where it is."""
        return TableError(f"{self.place}, column {column!r}: {what}")


def read_rows(path: Path, check_header: CheckHeader) -> Iterator[CsvRow]:
    """Read UTF-8 (a byte order mark is tolerated), commas, and a first line of column names.

    Empty lines are skipped. Raises TableError with file and line, as does `check_header`.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_names(path, header)
            check_header(path, header)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield _row(f"{path}, line {reader.line_num}", header, cells)
    except OSError as error:
        raise TableError(f"table {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TableError(f"table {path} is not text in UTF-8; save it as such") from None
    except csv.Error as error:
        raise TableError(f"{path}, line {reader.line_num}: {error}") from None


def _check_names(path: Path, header: Sequence[str]) -> None:
    if not any(header):
        raise TableError(f"table {path} is empty; its first line must name its columns")
    for name in header:
        if name and header.count(name) > 1:
            raise TableError(f"{path}, line 1: the column {name!r} stands twice")


def _row(place: str, header: Sequence[str], cells: Sequence[str]) -> CsvRow:
    if len(cells) != len(header):
        raise TableError(f"{place}: {len(cells)} cells, but line 1 names {len(header)} columns")
    pairs = zip(header, cells, strict=True)
    return CsvRow(
        place, {name: of_cell(cell.strip()) for name, cell in pairs if name and cell.strip()}
    )
