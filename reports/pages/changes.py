"""What moved between two runs or tables: a page, a CSV table and a Markdown table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from harness.ranking.columns import Cell
from harness.store import files
from reports import units
from reports.comparison import Interval, Pair
from reports.pages import templates
from reports.tables.csv_table import text_of
from reports.tables.markdown import escape

_UNITS: tuple[
    tuple[str, str, Callable[[Cell], str]], ...
] = (  # how a metric begins, its unit where its name has none
    ("flops", "G", units.giga),
    ("params", "M", units.mega),
    ("activations", "M", units.mega),
    ("psnr", "", units.db4),
    ("ssim", "", units.db4),
    ("runtime", "", units.ms),
    ("memory", "", units.mib),
)
_HEADINGS = ("Entry", "Metric", "A", "B", "Change", "Change [%]")


@dataclass(frozen=True)
class Side:
    """One of the two: what it is called, what it was measured on, and whom it alone has."""

    name: str
    facts: Mapping[str, str] = field(default_factory=dict)
    alone: Sequence[str] = ()


@dataclass(frozen=True)
class Line:
    """One compared figure as it is printed, each text with the raw value to sort by."""

    moved: bool
    cells: tuple[tuple[str, str], ...]


def write(pairs: Sequence[Pair], a: Side, b: Side, folder: Path) -> Path:
    """Write `compare.html`, `.csv` and `.md` to `folder`; return the page."""
    lines = [_line(pair) for pair in pairs]
    moved = [line for line in lines if line.moved]
    facts = [
        (name, a.facts.get(name, units.MISSING), b.facts.get(name, units.MISSING))
        for name in {**a.facts, **b.facts}
    ]
    page = folder / "compare.html"
    files.write_text(folder / "compare.csv", _csv(pairs))
    files.write_text(folder / "compare.md", _markdown(moved, len(lines), a, b))
    templates.write(
        "compare.html",
        page,
        a=a,
        b=b,
        headings=_HEADINGS,
        moved=moved,
        equal=[line for line in lines if not line.moved],
        facts=facts,
    )
    return page


def _line(pair: Pair) -> Line:
    unit, show = next(
        (
            (f" [{unit}]" if unit else "", show)
            for start, unit, show in _UNITS
            if pair.metric.startswith(start)
        ),
        ("", units.digits),
    )
    percent = _percent(pair)
    sign = "+" if pair.change > 0 else ""
    return Line(
        not pair.equal,
        (
            (pair.name, pair.name),
            (pair.metric, pair.metric + unit),
            (pair.a, _with_interval(show, pair.a, pair.a_interval)),
            (pair.b, _with_interval(show, pair.b, pair.b_interval)),
            (str(pair.change), sign + show(float(pair.change))),
            ("" if percent is None else str(percent), _percent_text(percent)),
        ),
    )


def _with_interval(show: Callable[[Cell], str], text: str, interval: Interval | None) -> str:
    value = show(float(text))
    return (
        f"{value} ({show(float(interval[0]))} to {show(float(interval[1]))})" if interval else value
    )


def _percent(pair: Pair) -> Decimal | None:
    return 100 * pair.change / Decimal(pair.a) if Decimal(pair.a) else None


def _percent_text(percent: Decimal | None) -> str:
    return units.MISSING if percent is None else f"{percent:+.2f}"


def _csv(pairs: Sequence[Pair]) -> str:
    bounds = ("a", "a_low", "a_high", "b", "b_low", "b_high")
    header = ("entry", "name", "metric", *bounds, "change", "moved")
    rows = []
    for pair in pairs:
        a, b = (interval or ("", "") for interval in (pair.a_interval, pair.b_interval))
        row = [pair.entry, pair.name, pair.metric, pair.a, *a, pair.b, *b, pair.change]
        rows.append(dict(zip(header, [*row, "no" if pair.equal else "yes"], strict=True)))
    return text_of(header, rows)


def _markdown(moved: Sequence[Line], count: int, a: Side, b: Side) -> str:
    lines = [_HEADINGS, ["---", "---", "---:", "---:", "---:", "---:"]]
    lines += [[escape(text) for _, text in line.cells] for line in moved]
    table = ["| " + " | ".join(line) + " |" for line in lines]
    names = f"A is {escape(a.name)}, B is {escape(b.name)}."
    said = f"{len(moved)} of {count} figures moved. {names}"
    alone = [
        f"Only in {letter}: {', '.join(map(escape, side.alone))}."
        for letter, side in (("A", a), ("B", b))
        if side.alone
    ]
    return "\n\n".join([said, *(["\n".join(table)] if moved else []), *alone]) + "\n"
