"""The figures of a run: which there are, and of whom."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median

from matplotlib.cbook import boxplot_stats

from harness.ranking.leaderboard import Leaderboard, Row
from harness.records import Entry, Run, Threshold
from harness.statistics import estimates
from reports import units
from reports.drawing import short
from reports.pages import plots
from reports.pages.plots import Drawn, Point

_BINS = 12  # of image sizes
_MOST_ROWS = 60  # of a figure with a row for each entry, and lines of the one by image size


def of_run(run: Run, leaderboard: Leaderboard) -> list[Drawn]:
    """Draw every figure that the run has numbers for; the first is to stand beside the table."""
    splits = [split.name for split in run.protocol.splits]
    drawn = [
        *(_quality(leaderboard, split, beside=split == splits[0]) for split in splits),
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


def _quality(leaderboard: Leaderboard, split: str, *, beside: bool) -> Drawn | None:
    cost, unit, called = _cost(leaderboard)
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
    drawn, unnamed = plots.scatter(
        f"psnr-{split}",
        points,
        (called, f"{what} {split} [dB]"),
        "x",
        front=_pareto_front(points),
        level=threshold.db if threshold else None,
        size=plots.NARROW if beside else plots.WIDE,
    )
    far = ", ".join(f"{short(point.name)} ({units.db(point.y)} dB)" for point in below)
    return Drawn(
        f"{what} on {split} against {'runtime' if cost == 'runtime_ms' else 'FLOPs'}",
        "Up and to the left is better. The area of a point is its number of parameters; the line "
        f"is the Pareto front{_of_whom(points)}"
        f"{', the dashed line the threshold' if threshold else ''}."
        + unnamed
        + (f" Far below and not drawn: {far}." if far else ""),
        drawn,
    )


def _cheap_on_paper(leaderboard: Leaderboard) -> Drawn | None:
    points = [
        _point(leaderboard, row, metrics["flops"] / 1e9, metrics["runtime_ms"])
        for row in leaderboard.rows
        if {"flops", "runtime_ms"} <= (metrics := row.figures.metrics).keys() and metrics["flops"]
    ]
    if len(points) < 2:
        return None
    drawn, unnamed = plots.scatter("flops", points, ("FLOPs [G]", "Runtime [ms]"), "xy")
    return Drawn(
        "Runtime against FLOPs",
        "Entries above the others at their FLOPs are cheap on paper only." + unnamed,
        drawn,
    )


def _intervals(leaderboard: Leaderboard) -> Drawn | None:
    timed = sorted(
        (row.figures.metrics["runtime_ms"], float(low), float(high), row.figures.name)
        for row in leaderboard.rows
        if (low := row.columns.get("runtime_ms_low")) is not None
        and (high := row.columns.get("runtime_ms_high")) is not None
    )
    if len(timed) < 2:
        return None
    return Drawn(
        "Intervals of runtime",
        "Entries whose intervals overlap are not told apart by this run; the band is the interval "
        "of the fastest. A line that reaches the edge goes on." + _left_out(len(timed), "fastest"),
        plots.intervals(timed[:_MOST_ROWS]),
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
    drawn, unnamed = plots.lines(lines)
    return Drawn(
        "Runtime against image size",
        f"Images are gathered into at most {_BINS} sizes."
        + unnamed
        + _left_out(len(leaderboard.rows), "first"),
        drawn,
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
    best = sorted(boxes, key=lambda box: box["med"])[-_MOST_ROWS:]
    return Drawn(
        "PSNR against the baseline, image by image",
        "Median, quartiles and extremes of the differences over the images of all splits."
        + _left_out(len(boxes), "best"),
        plots.boxes(best, f"PSNR minus that of {short(reference.name)} [dB]"),
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


def _bottom(points: Sequence[Point], threshold: Threshold | None) -> float:
    """Return the PSNR below which points would squeeze those that take part into a line."""
    values = [point.y for point in points if point.kind != "unranked"]
    values += [threshold.db] if threshold else []
    return min(values) - (max(values) - min(values)) if len(values) > 1 else float("-inf")


def _pareto_front(points: Sequence[Point]) -> list[tuple[float, float]]:
    """Return the points, ranked ones if there are any, that no other beats in cost and PSNR."""
    front: list[tuple[float, float]] = []
    ranked = any(point.kind == "ranked" for point in points)
    taking_part = [point for point in points if point.kind != "unranked" or not ranked]
    for point in sorted(taking_part, key=lambda point: (point.x, -point.y)):
        if not front or point.y > front[-1][1]:
            front.append((point.x, point.y))
    return front


def _point(leaderboard: Leaderboard, row: Row, x: float, y: float) -> Point:
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
    area = 24 + 160 * min(metrics.get("params", 0) / 1e6, 2)
    return Point(row.figures.name, kind, x, y, area, ", ".join(facts))


def _left_out(count: int, which: str) -> str:
    return f" Drawn are the {which} {_MOST_ROWS} of {count}." if count > _MOST_ROWS else ""


def _of_whom(points: Sequence[Point]) -> str:
    return " of the ranked entries" if any(point.kind == "ranked" for point in points) else ""
