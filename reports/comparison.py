"""Two sets of figures, a run's or a CSV table's, metric beside metric.

Two numbers are equal where they agree at the decimals that the coarser one is printed with:
26.94 equals 26.9404, and 0.317 M parameters equal 317,208. A figure with a 95 % interval, as a
runtime has over rounds, has moved only where the two intervals do not meet.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from harness.errors import TableError
from harness.ranking.leaderboard import of_run
from harness.records import Run
from harness.records.text import of_cell

Rows = Mapping[str, Mapping[str, str]]  # id, or name where there is none -> column -> text

_OTHER_NAMES = {
    "model_id": "id",
    "flops_torch_counter": "flops_torch",
    "set5_psnr_rgb_db": "psnr_set5_db",
    "set5_psnr_y_db": "psnr_y_set5_db",
    "set5_ssim_y": "ssim_y_set5",
}
# Whole numbers that are multiples of these were printed in millions or billions and rounded there.
_ROUNDED_AT = {"params": Decimal(10**3), "flops": Decimal(10**7), "activations": Decimal(10**4)}
_NOT_METRICS = {"id", "name", "edition"}  # nor the ranks, which hang on other entries
_LIMIT = re.compile(r"(?P<metric>\w+)\s*(?P<sign>[<>])\s*(?P<value>-?\d+(\.\d+)?)(?P<percent>%?)")
_LOW, _HIGH = "_low", "_high"  # columns of a figure's interval

Interval = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Pair:
    """One metric of one entry on both sides, as it is written there."""

    entry: str
    name: str
    metric: str
    a: str
    b: str
    a_interval: Interval | None = None
    b_interval: Interval | None = None

    @property
    def equal(self) -> bool:
        """Tell whether both agree at the coarser one's decimals, or their intervals meet."""
        a, b = Decimal(self.a), Decimal(self.b)
        a_low, a_high = self.a_interval or (a, a)
        b_low, b_high = self.b_interval or (b, b)
        if self.a_interval or self.b_interval:
            return a_low <= b_high and b_low <= a_high
        step = max(_step(self.metric, a), _step(self.metric, b))
        return abs(a - b) <= step / 2

    @property
    def change(self) -> Decimal:
        """Return how far b lies above a."""
        return Decimal(self.b) - Decimal(self.a)

    @property
    def relative(self) -> float | None:
        """Return the change as a share of a; None where a is 0."""
        return float(self.change / abs(Decimal(self.a))) if Decimal(self.a) else None


@dataclass(frozen=True)
class Limit:
    """A change that a comparison may not pass: `runtime_ms>5%`, `psnr_valid_db<-0.01`."""

    metric: str
    above: bool  # whether a rise passes it, or a fall
    value: float
    share: bool  # of a, rather than in the metric's unit

    @classmethod
    def read(cls, text: str) -> "Limit":
        """Read a limit. Raises ValueError."""
        match = _LIMIT.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is no limit like runtime_ms>5% or psnr_valid_db<-0.01")
        share = bool(match["percent"])
        value = float(match["value"]) / (100 if share else 1)
        return cls(match["metric"], match["sign"] == ">", value, share)

    def passed(self, pair: Pair) -> bool:
        """Tell whether a figure moved beyond the limit."""
        change = pair.relative if self.share else float(pair.change)
        if pair.equal or pair.metric != self.metric or change is None:
            return False
        return change > self.value if self.above else change < self.value

    def __str__(self) -> str:
        value = (
            f"{self.value:.6%}".rstrip("0%").rstrip(".") + "%" if self.share else f"{self.value:g}"
        )
        return f"{self.metric}{'>' if self.above else '<'}{value}"


def compare(a: Rows, b: Rows) -> Iterator[Pair]:
    """Yield every metric that both sides have a number for, in the order of `a`."""
    for entry, row in a.items():
        other = b.get(entry, {})
        for metric, text in row.items():
            if not _is_metric(metric, row) or not _is_number(text):
                continue
            if _is_number(other.get(metric)):
                intervals = _interval(metric, row), _interval(metric, other)
                yield Pair(entry, _name(entry, row, other), metric, text, other[metric], *intervals)


def _name(entry: str, row: Mapping[str, str], other: Mapping[str, str]) -> str:
    """Name an entry; as both sides do, where one id stands for two names."""
    name = row.get("name", entry)
    other_name = other.get("name", name)
    return name if other_name.casefold() == name.casefold() else f"{name} (B: {other_name})"


def alone(a: Rows, b: Rows) -> list[str]:
    """Return the names of the entries of `a` that `b` has not."""
    return [row.get("name", entry) for entry, row in a.items() if entry not in b]


def rows_of_run(run: Run) -> Rows:
    """Return the figures of a run, as in its `leaderboard.csv`."""
    columns = (row.columns for row in of_run(run).rows)
    return _keyed([{k: "" if v is None else str(v) for k, v in row.items()} for row in columns])


def rows_of_table(file: Path, edition: str = "") -> Rows:
    """Read a CSV table with a column `id`, `model_id` or `name`.

    `edition` keeps the rows of one edition, where the table has that column. Raises TableError.
    """
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{file} cannot be read as a CSV table: {error}") from None
    if edition:
        rows = [row for row in rows if row.get("edition") in (edition, None)]
    named = [
        {_OTHER_NAMES.get(k, k): of_cell(v or "") for k, v in row.items() if k} for row in rows
    ]
    try:
        return _keyed(named)
    except TableError as error:
        raise TableError(f"{file}: {error}") from None


def _is_metric(column: str, row: Mapping[str, str]) -> bool:
    bound = any(column.endswith(end) and column.removesuffix(end) in row for end in (_LOW, _HIGH))
    return column not in _NOT_METRICS and not column.startswith("rank") and not bound


def _interval(metric: str, row: Mapping[str, str]) -> Interval | None:
    low, high = (row.get(metric + end) for end in (_LOW, _HIGH))
    if not _is_number(low) or not _is_number(high):
        return None
    interval = Decimal(low or 0), Decimal(high or 0)
    return interval if interval[0] < interval[1] else None  # the baseline's own has no width


def _keyed(rows: list[dict[str, str]]) -> Rows:
    keyed: dict[str, dict[str, str]] = {}
    for row in rows:
        key = row.get("id") or row.get("name")
        if not key:
            raise TableError("a row has neither id nor name; add one of the columns")
        if key in keyed:
            raise TableError(f"two rows have the id {key!r}; keep one edition with --edition")
        keyed[key] = row
    return keyed


def _step(metric: str, number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < 0:
        return Decimal(1).scaleb(exponent)
    rounded = _ROUNDED_AT.get(metric)
    return rounded if rounded and number % rounded == 0 else Decimal(1)


def _is_number(text: str | None) -> bool:
    try:
        return text not in (None, "", "True", "False") and Decimal(text or "").is_finite()
    except InvalidOperation:
        return False
