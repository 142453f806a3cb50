"""PSNR against a cost, methods as bubbles, as wide as a column of a paper."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.drawing import label, logarithmic
from reports.paper.columns import COSTS, Column, of_cost, psnr_of
from reports.paper.drawing import COLUMN, SETTINGS, save
from reports.paper.methods import Group, leading
from reports.paper.table import Block, PaperTable

_HEIGHT = 2.4  # inches
_LARGEST, _SMALLEST = 260.0, 8.0  # areas of bubbles, in square points
_WIDE = 10  # costs that span more than this factor are drawn on a logarithmic axis
_MEASURED, _PUBLISHED = "tab:blue", "tab:red"


@dataclass(frozen=True)
class Bubble:
    """One method, its figures in the units of their columns."""

    name: str
    cost: float
    psnr_db: float
    size: float | None  # the cost that its area shows; None where it is not known
    published: bool  # whether the PSNR is published, not measured


def write(table: PaperTable, cost: str, size: str, folder: Path, name: str) -> list[Path]:
    """Draw PSNR against `cost` with `size` (of COSTS) as the bubbles' area, in PDF and SVG.

    A figure per scale, data set and device of the table that two methods have both figures of.
    """
    written = []
    datasets = dict.fromkeys(column.group for column in table.columns if column.group)
    area = next(iter(of_cost(table.columns, size)), COSTS[size])
    costs = of_cost(table.columns, cost)
    for block, dataset, (number, spent) in product(table.blocks, datasets, enumerate(costs)):
        bubbles = bubbles_of(block, dataset, spent, area)
        if len(bubbles) > 1:
            quality = f"PSNR on {dataset}, ×{block.scale} [dB]"
            figure = draw(bubbles, quality, spent.heading, area.heading)
            device = f"_{number + 1}" if len(costs) > 1 else ""
            stem = folder / f"{name}_{cost}{device}_x{block.scale}_{dataset}"
            written += [save(figure, stem.with_suffix(end)) for end in (".pdf", ".svg")]
    return written


def bubbles_of(block: Block, dataset: str, cost: Column, size: Column) -> list[Bubble]:
    """Return the methods with a cost and a PSNR, each by its first rows that have the figures."""
    bubbles = []
    for group in block.groups:
        quality = leading(group, psnr_of(dataset).quantity)
        spent = _value(group, cost)
        if quality and spent:
            psnr_db = quality.values[psnr_of(dataset).quantity]
            size_value, published = _value(group, size), bool(quality.kind)
            bubbles.append(Bubble(group[0].name, spent, psnr_db, size_value, published))
    return bubbles


def draw(bubbles: Sequence[Bubble], quality: str, cost: str, size: str) -> Figure:
    """Draw bubbles on axes with these headings; `size` is what their area shows."""
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(COLUMN, _HEIGHT), dpi=72, layout="constrained")
        plot = figure.add_subplot(xlabel=cost, ylabel=quality)
        plot.set_axisbelow(True)
        costs = [bubble.cost for bubble in bubbles]
        if max(costs) > _WIDE * min(costs):
            logarithmic(plot, "x")
        plot.step(*zip(*pareto_front(bubbles), strict=True), where="post", color="0.5", zorder=1)
        _scatter(plot, bubbles)
        plot.margins(0.12, 0.15)
        figure.legend(
            loc="outside upper right",
            ncols=2,
            title=f"Area: {size}",
            fontsize=7,
            title_fontsize=7,
            frameon=False,
        )
        points = [(bubble.cost, bubble.psnr_db) for bubble in bubbles]
        names = [bubble.name for bubble in bubbles]
        radii = [math.sqrt(area) / 2 for area in _areas(bubbles)]
        label(figure, plot, points, names, radii=radii, size=6.5)
        for text in plot.texts:
            text.set_gid(None)  # ids would repeat
    return figure


def pareto_front(bubbles: Sequence[Bubble]) -> list[tuple[float, float]]:
    """Return cost and PSNR of the methods that no other beats in both, cheapest first."""
    front: list[tuple[float, float]] = []
    for one in sorted(bubbles, key=lambda one: (one.cost, -one.psnr_db)):
        if not front or one.psnr_db > front[-1][1]:
            front.append((one.cost, one.psnr_db))
    return front


def _value(group: Group, column: Column) -> float | None:
    method = leading(group, column.quantity)
    return method.values[column.quantity] / column.unit if method else None


def _areas(bubbles: Sequence[Bubble]) -> list[float]:
    largest = max((bubble.size or 0 for bubble in bubbles), default=0) or 1
    return [max(_SMALLEST, _LARGEST * (bubble.size or 0) / largest) for bubble in bubbles]


def _scatter(plot: Axes, bubbles: Sequence[Bubble]) -> None:
    areas = dict(zip(bubbles, _areas(bubbles), strict=True))
    for published, colour, legend in (
        (False, _MEASURED, "measured"),
        (True, _PUBLISHED, "published PSNR"),
    ):
        shown = [bubble for bubble in bubbles if bubble.published is published]
        if shown:
            plot.scatter(
                [bubble.cost for bubble in shown],
                [bubble.psnr_db for bubble in shown],
                s=[areas[bubble] for bubble in shown],
                facecolor="none" if published else colour,
                edgecolor=colour,
                linewidth=0.8,
                alpha=0.8,
            )
            hollow = "none" if published else colour
            plot.plot([], [], "o", color=colour, markerfacecolor=hollow, markersize=4, label=legend)
