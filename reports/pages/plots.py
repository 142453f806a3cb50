"""How the figures of a run are drawn: points, intervals, lines and boxes, with their names."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes

from reports import units
from reports.drawing import ACCENT, INK, MUTED, SERIES, axes, label, logarithmic, short, svg

WIDE = (6.2, 4.2)  # inches; 450 pixels, to be read on a phone as well as enlarged
NARROW = (4.0, 3.9)  # beside a table, where it is shown at 320 to 480 pixels
_ROW = 0.2  # inches
_FAR = 4  # times the largest runtime, and its part of the smallest: where intervals are cut
_SHAPES = {  # kind -> marker, colour, legend: the shape says what the colour says
    "ranked": ("o", SERIES, "ranked"),
    "listed": ("o", SERIES, "entry"),  # where nothing is ranked
    "unranked": ("s", MUTED, "not ranked"),
    "baseline": ("D", ACCENT, "baseline"),
}


@dataclass(frozen=True)
class Drawn:
    """A figure of the page."""

    title: str
    caption: str
    svg: Markup


@dataclass(frozen=True)
class Point:
    """An entry in a scatter plot."""

    name: str
    kind: str  # a key of _SHAPES
    x: float
    y: float
    area: float  # square points
    text: str  # on hover and focus


def scatter(
    name: str,
    points: Sequence[Point],
    labels: tuple[str, str],
    log: str,
    *,
    front: Sequence[tuple[float, float]] = (),
    level: float | None = None,
    size: tuple[float, float] = WIDE,
) -> tuple[Markup, str]:
    """Draw points, the steps of a `front` and a dashed line at `level`.

    `labels` are those of x and y, `log` names the axes that are logarithmic. Return the figure,
    and what its caption has to say of points that have no name for want of room.
    """
    figure, plot = axes(*size, *labels)
    if front:
        plot.step(*zip(*front, strict=True), where="post", color=ACCENT, linewidth=1, zorder=1)
    if level is not None:
        plot.axhline(level, color=INK, linewidth=0.8, linestyle="--")
    logarithmic(plot, *log)
    titles = {}
    for kind in {point.kind: None for point in points}:
        shape, colour, legend = _SHAPES[kind]
        hollow = "none" if kind == "unranked" else colour
        of_kind = [point for point in points if point.kind == kind]
        plot.scatter(
            [point.x for point in of_kind],
            [point.y for point in of_kind],
            s=[point.area for point in of_kind],
            marker=shape,
            facecolor=hollow,
            edgecolor=colour,
            alpha=0.75,
            gid=kind,
        )
        titles[kind] = [point.text for point in of_kind]
        plot.plot([], [], shape, color=colour, markerfacecolor=hollow, label=legend)
    figure.legend(loc="outside upper right", ncols=3, frameon=False, labelcolor=INK)
    plot.margins(0.08)
    radii = [math.sqrt(point.area) / 2 for point in points]
    unnamed = label(
        figure, plot, [(p.x, p.y) for p in points], [p.name for p in points], radii=radii
    )
    return svg(figure, name, f"Scatter plot of {len(points)} entries", titles), _of(unnamed)


def intervals(rows: Sequence[tuple[float, float, float, str]]) -> Markup:
    """Draw runtimes in ms with their intervals: value, low, high and name, fastest first."""
    figure, plot = axes(WIDE[0], 1 + _ROW * len(rows), "Runtime [ms]")
    logarithmic(plot, "x")
    values, lows, highs, names = zip(*rows[::-1], strict=True)
    plot.axvspan(lows[-1], highs[-1], color=ACCENT, alpha=0.2, linewidth=0)
    titles = {}
    for place, (value, low, high) in enumerate(zip(values, lows, highs, strict=True)):
        plot.plot([low, high], [place, place], color=SERIES, linewidth=1.5, gid=f"line{place}")
        plot.plot(value, place, "o", color=SERIES, markersize=4)
        told = f"{units.ms(value)} ms, {units.ms(low)} to {units.ms(high)} ms"
        titles[f"line{place}"] = f"{short(names[place])}: {told}"
    first, last = min(values) / _FAR, max(values) * _FAR
    if min(lows) < first or max(highs) > last:  # few rounds: the widest would hide all others
        plot.set_xlim(max(min(lows), first), min(max(highs), last))
    name_rows(plot, names)
    return svg(figure, "intervals", f"Runtime intervals of {len(rows)} entries", titles)


def lines(drawn: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> tuple[Markup, str]:
    """Draw a named line of (megapixels, ms) per entry; return what `scatter` does."""
    figure, plot = axes(*WIDE, "Size of the LR image [megapixels]", "Runtime [ms]")
    logarithmic(plot, "x", "y")
    for index, (_, line) in enumerate(drawn):
        shape = "osD^v"[index % 5] + ("-", "--", ":")[index // 5 % 3]
        x, y = zip(*line, strict=True)
        plot.plot(x, y, shape, color=SERIES, linewidth=1, markersize=3, gid=f"line{index}")
    (first, last) = plot.get_xlim()
    plot.set_xlim(first, last * (last / first) ** 0.3)  # room for names
    names = [name for name, _ in drawn]
    unnamed = label(figure, plot, [line[-1] for _, line in drawn], names, only_right=True)
    titles = {f"line{index}": short(name) for index, name in enumerate(names)}
    return svg(figure, "sizes", f"Runtime by image size of {len(drawn)} entries", titles), _of(
        unnamed
    )


def boxes(drawn: Sequence[dict[str, Any]], x: str) -> Markup:
    """Draw matplotlib's boxes from below, each beside its `label`; `x` is what they are of."""
    figure, plot = axes(WIDE[0], 1 + _ROW * len(drawn), x)
    line = {"color": SERIES}
    plot.bxp(
        drawn,
        positions=range(len(drawn)),
        orientation="horizontal",
        boxprops=line,
        whiskerprops=line,
        capprops=line,
        medianprops={"color": ACCENT, "linewidth": 2},
        manage_ticks=False,
        showfliers=False,
    )
    plot.xaxis.label.set_parse_math(False)
    plot.axvline(0, color=INK, linewidth=0.8)
    name_rows(plot, [box["label"] for box in drawn])
    return svg(figure, "differences", f"PSNR differences of {len(drawn)} entries", {})


def name_rows(plot: Axes, names: Sequence[str]) -> None:
    """Name the rows of a plot from below, a row per name."""
    plot.set_yticks(range(len(names)), [short(name, 30) for name in names])
    plot.set_ylim(-0.8, len(names) - 0.2)
    plot.grid(axis="y", visible=False)
    for text in plot.get_yticklabels():
        text.set_parse_math(False)


def _of(unnamed: int) -> str:
    return " A point without a name tells it on hover or focus." if unnamed else ""
