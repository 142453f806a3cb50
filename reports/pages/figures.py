"""The figures of a run: what is drawn, and of whom."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.cbook import boxplot_stats
from matplotlib.figure import Figure

from harness.ranking.leaderboard import Leaderboard, Row
from harness.records import Entry, Run, Threshold
from harness.statistics import estimates
from reports import units
from reports.drawing import ACCENT, INK, MUTED, SERIES, axes, label, logarithmic, short, svg

_SIZE = (6.2, 4.2)  # inches; 450 pixels, to be read on a phone as well as enlarged
_BINS = 12  # of image sizes
_MOST_ROWS = 60  # of a figure with a row for each entry, and lines of the one by image size
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
class _Point:
    name: str
    kind: str
    x: float
    y: float
    size: float
    text: str  # on hover and focus


def of_run(run: Run, leaderboard: Leaderboard) -> list[Drawn]:
    """Draw every figure that the run has numbers for."""
    drawn = [
        *(_quality(leaderboard, split.name, *_cost(leaderboard)) for split in run.protocol.splits),
        _cheap_on_paper(leaderboard),
        _intervals(leaderboard),
        _image_sizes(run, leaderboard),
        _differences(leaderboard),
    ]
    return [figure for figure in drawn if figure]


def _cost(leaderboard: Leaderboard) -> tuple[str, float, str]:
    """Return the metric that quality is drawn against, its unit and what it is called."""
    timed = sum("runtime_ms" in row.figures.metrics for row in leaderboard.rows)
    return ("runtime_ms", 1, "Runtime [ms]") if timed > 1 else ("flops", 1e9, "FLOPs [G]")


def _quality(
    leaderboard: Leaderboard, split: str, cost: str, unit: float, called: str
) -> Drawn | None:
    points = [
        _point(leaderboard, row, row.figures.metrics[cost] / unit, row.figures.psnr_db[split])
        for row in leaderboard.rows
        if row.figures.metrics.get(cost) and split in row.figures.psnr_db
    ]
    if len(points) < 2:
        return None
    threshold = next(s.threshold for s in leaderboard.protocol.splits if s.name == split)
    bottom = _bottom(points, threshold)
    below = [point for point in points if point.y < bottom]
    points = [point for point in points if point.y >= bottom]
    what = leaderboard.protocol.psnr
    figure, plot = axes(*_SIZE, called, f"{what} {split} [dB]")
    front = _pareto_front(points)
    plot.step(*zip(*front, strict=True), where="post", color=ACCENT, linewidth=1, zorder=1)
    if threshold:
        plot.axhline(threshold.db, color=INK, linewidth=0.8, linestyle="--")
    far = ", ".join(f"{short(point.name)} ({units.db(point.y)} dB)" for point in below)
    return Drawn(
        f"{what} on {split} against {'runtime' if cost == 'runtime_ms' else 'FLOPs'}",
        "Up and to the left is better. The area of a point is its number of parameters; the line "
        "is the Pareto front of the ranked entries, the dashed line the threshold. "
        + _unlabelled()
        + (f" Far below and not drawn: {far}." if far else ""),
        _scatter(figure, plot, f"psnr-{split}", points, "x"),
    )


def _cheap_on_paper(leaderboard: Leaderboard) -> Drawn | None:
    points = [
        _point(leaderboard, row, metrics["flops"] / 1e9, metrics["runtime_ms"])
        for row in leaderboard.rows
        if {"flops", "runtime_ms"} <= (metrics := row.figures.metrics).keys() and metrics["flops"]
    ]
    if len(points) < 2:
        return None
    figure, plot = axes(*_SIZE, "FLOPs [G]", "Runtime [ms]")
    return Drawn(
        "Runtime against FLOPs",
        "Entries above the others at their FLOPs are cheap on paper only. " + _unlabelled(),
        _scatter(figure, plot, "flops", points, "xy"),
    )


def _scatter(figure: Figure, plot: Axes, name: str, points: Sequence[_Point], log: str) -> Markup:
    logarithmic(plot, *log)
    for index, point in enumerate(points):
        shape, colour, _ = _SHAPES[point.kind]
        hollow = "none" if point.kind == "unranked" else colour
        plot.scatter(
            point.x,
            point.y,
            s=point.size,
            marker=shape,
            facecolor=hollow,
            edgecolor=colour,
            alpha=0.75,
            gid=f"point{index}",
        )
    for kind in {point.kind: None for point in points}:
        shape, colour, legend = _SHAPES[kind]
        hollow = "none" if kind == "unranked" else colour
        plot.plot([], [], shape, color=colour, markerfacecolor=hollow, label=legend)
    figure.legend(loc="outside upper right", ncols=3, frameon=False, labelcolor=INK)
    plot.margins(0.08)
    radii = [math.sqrt(point.size) / 2 for point in points]
    label(figure, plot, [(p.x, p.y) for p in points], [p.name for p in points], radii=radii)
    titles = {f"point{index}": point.text for index, point in enumerate(points)}
    return svg(figure, name, f"Scatter plot of {len(points)} entries", titles)


def _intervals(leaderboard: Leaderboard) -> Drawn | None:
    timed = [
        (row.figures.metrics["runtime_ms"], float(low), float(high), row.figures.name)
        for row in leaderboard.rows
        if (low := row.columns.get("runtime_ms_low")) is not None
        and (high := row.columns.get("runtime_ms_high")) is not None
    ]
    if len(timed) < 2:
        return None
    count = len(timed)
    timed = sorted(timed)[:_MOST_ROWS][::-1]
    figure, plot = axes(_SIZE[0], 1 + 0.2 * len(timed), "Runtime [ms]")
    logarithmic(plot, "x")
    plot.axvspan(timed[-1][1], timed[-1][2], color=ACCENT, alpha=0.2, linewidth=0)
    titles = {}
    for place, (value, low, high, name) in enumerate(timed):
        plot.plot([low, high], [place, place], color=SERIES, linewidth=1.5, gid=f"line{place}")
        plot.plot(value, place, "o", color=SERIES, markersize=4)
        titles[f"line{place}"] = f"{short(name)}: {value:.2f} ms, {low:.2f} to {high:.2f} ms"
    values, lows, highs, names = zip(*timed, strict=True)
    first, last = min(values) / _FAR, max(values) * _FAR
    if min(lows) < first or max(highs) > last:  # few rounds: the widest would hide all others
        plot.set_xlim(max(min(lows), first), min(max(highs), last))
    name_rows(plot, names)
    return Drawn(
        "Intervals of runtime",
        "Entries whose intervals overlap are not told apart by this run; the band is the interval "
        "of the fastest. A line that reaches the edge goes on." + _left_out(count, "fastest"),
        svg(figure, "intervals", f"Runtime intervals of {len(timed)} entries", titles),
    )


def _image_sizes(run: Run, leaderboard: Leaderboard) -> Drawn | None:
    sizes = {split.name: [h * w / 1e6 for h, w in split.lr_sizes] for split in run.splits}
    lines = []
    for row in leaderboard.rows[:_MOST_ROWS]:
        samples = row.entry.timing.samples_ms if row.entry and row.entry.timing else {}
        pairs = [
            (size, estimates.image_runtime_ms(sweeps))
            for split, images in samples.items()
            if sizes.get(split)
            for size, sweeps in zip(sizes[split], images, strict=True)
        ]
        if pairs:
            lines.append((row.figures.name, _binned(sorted(pairs))))
    if not lines or len(lines[0][1]) < 2:
        return None
    figure, plot = axes(*_SIZE, "Size of the LR image [megapixels]", "Runtime [ms]")
    logarithmic(plot, "x", "y")
    for index, (_, line) in enumerate(lines):
        shape = "osD^v"[index % 5] + ("-", "--", ":")[index // 5 % 3]
        x, y = zip(*line, strict=True)
        plot.plot(x, y, shape, color=SERIES, linewidth=1, markersize=3, gid=f"line{index}")
    (first, last) = plot.get_xlim()
    plot.set_xlim(first, last * (last / first) ** 0.3)  # room for names
    label(
        figure, plot, [line[-1] for _, line in lines], [name for name, _ in lines], only_right=True
    )
    titles = {f"line{index}": short(name) for index, (name, _) in enumerate(lines)}
    return Drawn(
        "Runtime against image size",
        f"Images are gathered into at most {_BINS} sizes. "
        + _unlabelled()
        + _left_out(len(leaderboard.rows), "first"),
        svg(figure, "sizes", f"Runtime by image size of {len(lines)} entries", titles),
    )


def _differences(leaderboard: Leaderboard) -> Drawn | None:
    rows = [(row.figures.name, row.entry) for row in leaderboard.rows if row.entry]
    reference = next((entry for name, entry in rows if name == leaderboard.baseline), None)
    if reference is None:
        return None
    boxes = []
    for name, entry in rows:
        values = list(differences_db(entry, reference).values())
        if values and entry is not reference:
            (box,) = boxplot_stats(values, whis=(0, 100))
            boxes.append(box | {"fliers": [], "label": name})
    if not boxes:
        return None
    count = len(boxes)
    boxes = sorted(boxes, key=lambda box: box["med"])[-_MOST_ROWS:]
    figure, plot = axes(
        _SIZE[0], 1 + 0.2 * len(boxes), f"PSNR minus that of {short(reference.name)} [dB]"
    )
    line = {"color": SERIES}
    plot.bxp(
        boxes,
        positions=range(len(boxes)),
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
    name_rows(plot, [box["label"] for box in boxes])
    return Drawn(
        "PSNR against the baseline, image by image",
        "Median, quartiles and extremes of the differences over the images of all splits."
        + _left_out(count, "best"),
        svg(figure, "differences", f"PSNR differences of {len(boxes)} entries", {}),
    )


def differences_db(entry: Entry, reference: Entry) -> dict[tuple[str, str], float]:
    """Return PSNR minus the reference's in dB by (split, image), where both are finite."""
    known = {(score.split, score.image): score.fidelity.psnr_db for score in reference.scores}
    found = {
        (score.split, score.image): score.fidelity.psnr_db - known[score.split, score.image]
        for score in entry.scores
        if (score.split, score.image) in known
    }
    return {image: value for image, value in found.items() if abs(value) < float("inf")}


def _binned(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Gather (size, runtime) in order of size: mean size and median runtime of each part."""
    count = min(_BINS, len({size for size, _ in pairs}))
    edges = [len(pairs) * i // count for i in range(count + 1)]
    parts = [pairs[a:b] for a, b in pairwise(edges)]
    return [(fmean(s for s, _ in part), median(r for _, r in part)) for part in parts]


def _bottom(points: Sequence[_Point], threshold: Threshold | None) -> float:
    """Return the PSNR below which points would squeeze those that take part into a line."""
    values = [point.y for point in points if point.kind != "unranked"]
    values += [threshold.db] if threshold else []
    return min(values) - (max(values) - min(values)) if len(values) > 1 else float("-inf")


def _pareto_front(points: Sequence[_Point]) -> list[tuple[float, float]]:
    """Return the ranked points that no other beats in both runtime and PSNR."""
    front: list[tuple[float, float]] = []
    taking_part = [point for point in points if point.kind != "unranked"] or points
    for point in sorted(taking_part, key=lambda point: (point.x, -point.y)):
        if not front or point.y > front[-1][1]:
            front.append((point.x, point.y))
    return front


def _point(leaderboard: Leaderboard, row: Row, x: float, y: float) -> _Point:
    ranked = "unranked" if row.rank is None else "ranked"
    if not leaderboard.protocol.tracks and row.figures.status == "ok":
        ranked = "listed"
    kind = "baseline" if row.figures.name == leaderboard.baseline else ranked
    metrics, psnr = row.figures.metrics, row.figures.psnr_db
    facts = [
        short(row.figures.name, 90),
        *(f"{units.db(value)} dB on {split}" for split, value in psnr.items()),
        f"{units.ms(metrics.get('runtime_ms'))} ms",
        f"{units.giga(metrics.get('flops'))} G FLOPs",
        f"{units.mega(metrics.get('params'))} M parameters",
    ]
    size = 15 + 160 * min(metrics.get("params", 0) / 1e6, 2)
    return _Point(row.figures.name, kind, x, y, size, ", ".join(facts))


def name_rows(plot: Axes, names: Sequence[str]) -> None:
    """Name the rows of a plot from below, a row per name."""
    plot.set_yticks(range(len(names)), [short(name, 30) for name in names])
    plot.set_ylim(-0.8, len(names) - 0.2)
    plot.grid(axis="y", visible=False)
    for text in plot.get_yticklabels():
        text.set_parse_math(False)


def _left_out(count: int, which: str) -> str:
    return f" Drawn are the {which} {_MOST_ROWS} of {count}." if count > _MOST_ROWS else ""


def _unlabelled() -> str:
    return "A point without a name tells it on hover or focus."
