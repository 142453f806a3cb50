"""The profile of one submission: a page of its own, and the same tables on the terminal."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from pathlib import Path

from harness.records import Operator, Profiling, Variant, Visit
from harness.records.schema import to_table
from harness.statistics import estimates
from harness.store import files
from reports import units
from reports.drawing import ACCENT, INK, SERIES, axes, logarithmic, svg
from reports.pages import templates
from reports.pages.plots import Drawn, name_rows
from reports.tables.terminal import aligned

_COSTLIEST = 10
_LEAST = 0.0005  # of the time: less would be printed as 0.0 %


@dataclass(frozen=True)
class Table:
    """A table as people read it: texts, the first column names the rows."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Runtime:
    """The runtime of a visit, and that of its fastest and its slowest sweep, in ms."""

    ms: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{units.ms(self.ms)} ({units.ms(self.low)} to {units.ms(self.high)})"


def render(made: Profiling, out: Path) -> Path:
    """Write `profile.html` and `profile.json`, with the raw samples, to `out`; return the page."""
    files.write_text(out / "profile.json", json.dumps(to_table(made), indent=1))
    page = out / "profile.html"
    figures = [_drawn_ways(made), _drawn_sizes(made), _drawn_operators(made)]
    parts = zip(_tables(made), figures, strict=True)
    filled = templates.fill(
        "profile.html",
        made=made,
        parts=list(parts),
        drift=_drift(made),
        conclusion=_conclusion(made),
    )
    files.write_text(page, filled)
    return page


def text(made: Profiling) -> str:
    """Return the tables for a terminal."""
    lines = [f"{made.name}: {made.identity.get('gpu', made.identity.get('cpu', made.device))}"]
    for table in _tables(made):
        columns = list(zip(table.headings, *table.rows, strict=True))
        numbers = [index > 0 for index in range(len(columns))]
        lines += ["", table.title, "", *aligned(columns, numbers), *table.remarks]
    return "\n".join([*lines, "", _conclusion(made), _drift(made)])


def _tables(made: Profiling) -> list[Table]:
    return [_ways(made), _sizes(made), _operators(made)]


# ---------------------------------------------------------------- ways to run it


def _ways(made: Profiling) -> Table:
    hr = bool(made.variants[0].psnr_hr_db)
    headings = ["Way", "Runtime [ms]", "Ratio", "Memory [MiB]", "PSNR to as submitted [dB]"]
    headings += ["PSNR [dB]", "Change [dB]"] if hr else []
    rows = []
    for name, variant in _named(made):
        cells = [name, *_way(made, variant)]
        rows.append((*cells, *(units.MISSING for _ in range(len(headings) - len(cells)))))
    remarks = tuple(f"{v.name}: {v.failure.reason}" for v in made.variants if v.failure)
    return Table("What if it ran in another way", tuple(headings), tuple(rows), remarks)


def _way(made: Profiling, variant: Variant) -> Iterator[str]:
    if variant.visit is None:
        return
    runtime = _runtime(variant.visit, made.split)
    yield str(runtime)
    yield f"{runtime.ms / _submitted_ms(made):.3f}"
    yield units.mib(variant.visit.peak_bytes[made.split] / 2**20)
    lowest = min(variant.psnr_submitted_db)
    yield "identical" if lowest == inf else units.db(lowest)
    if variant.psnr_hr_db:
        psnr_db = estimates.mean(variant.psnr_hr_db)
        yield units.db4(psnr_db)
        yield f"{psnr_db - estimates.mean(made.variants[0].psnr_hr_db):+.4f}"


def _named(made: Profiling) -> list[tuple[str, Variant]]:
    *ways, again = made.variants
    return [*((way.name, way) for way in ways), (f"{again.name}, again", again)]


def _submitted_ms(made: Profiling) -> float:
    """Return the runtime as submitted: the geometric mean of the first visit and the last."""
    visits = [way.visit for way in (made.variants[0], made.variants[-1]) if way.visit]
    first, last = _runtime(visits[0], made.split).ms, _runtime(visits[-1], made.split).ms
    return sqrt(first * last)


def _conclusion(made: Profiling) -> str:
    """Say which other ways are faster, by more than a repeat differs, and what it costs."""
    apart, faster = _apart(made), []
    for way in made.variants[1:-1]:
        if way.visit is None or apart is None:
            continue
        ratio = _runtime(way.visit, made.split).ms / _submitted_ms(made)
        if ratio < 1 - apart:
            faster.append((ratio, f"{way.name}: {1 - ratio:.0%} faster, {_pixels(way)}"))
    if not faster:
        return "No other way to run it is faster by more than two visits differ."
    return "; ".join(text for _, text in sorted(faster)) + "."


def _pixels(way: Variant) -> str:
    if min(way.psnr_submitted_db) == inf:
        return "same pixels"
    return f"pixels {units.db(min(way.psnr_submitted_db))} dB from those submitted"


def _apart(made: Profiling) -> float | None:
    """Return by which share the first visit and the last differ."""
    first, last = made.variants[0].visit, made.variants[-1].visit
    if first is None or last is None:
        return None
    return abs(_runtime(last, made.split).ms / _runtime(first, made.split).ms - 1)


def _drift(made: Profiling) -> str:
    apart = _apart(made)
    if apart is None:
        return "The entry as submitted failed when it was visited again, after all other ways."
    return (
        f"Ratios are to the entry as submitted, which was visited before and after all other ways; "
        f"its two runtimes differ by {apart:.1%}, and differences smaller than that say nothing. "
        "A runtime is the mean over images of their medians over sweeps; in brackets the fastest "
        "and the slowest repeat. PSNR to as submitted is the lowest over the images, of the pixels "
        "that would be scored."
    )


def _drawn_ways(made: Profiling) -> Drawn:
    ways = [(name, _runtime(v.visit, made.split)) for name, v in _named(made)[::-1] if v.visit]
    figure, plot = axes(6.2, 1 + 0.25 * len(ways), "Runtime [ms]")
    titles = {}
    for place, (name, runtime) in enumerate(ways):
        plot.plot(
            [runtime.low, runtime.high], [place] * 2, color=SERIES, linewidth=1.5, gid=f"way{place}"
        )
        plot.plot(runtime.ms, place, "o", color=SERIES, markersize=4)
        titles[f"way{place}"] = f"{name}: {runtime} ms"
    plot.axvline(_submitted_ms(made), color=ACCENT, linewidth=0.8, linestyle="--")
    name_rows(plot, [name for name, _ in ways])
    caption = "The line spans the fastest and the slowest repeat; dashed: as submitted."
    return Drawn("", caption, svg(figure, "ways", f"Runtime of {len(ways)} ways to run it", titles))


# ---------------------------------------------------------------- sizes of image


def _sizes(made: Profiling) -> Table:
    rows = []
    for height, width, runtime in _sized(made):
        size = height * width / 1e6
        per = units.ms(runtime.ms / size)
        rows.append((f"{height}x{width}", f"{size:.4f}", str(runtime), per))
    return Table(
        "Runtime against the size of the LR image",
        ("LR size", "Megapixels", "Runtime [ms]", "ms per megapixel"),
        tuple(rows),
        tuple(f"{size} is refused: {reason}" for size, reason in made.refused.items()),
    )


def _sized(made: Profiling) -> Iterator[tuple[int, int, _Runtime]]:
    """Yield height, width, and runtime of each generated size."""
    visit = made.variants[0].visit
    for height, width in made.sizes:
        split = f"{height}x{width}"
        if visit and split in visit.samples_ms:
            yield height, width, _runtime(visit, split)


def _drawn_sizes(made: Profiling) -> Drawn:
    points = [(h * w / 1e6, runtime, f"{h}x{w}") for h, w, runtime in _sized(made)]
    figure, plot = axes(6.2, 4, "Size of the LR image [megapixels]", "Runtime [ms]")
    logarithmic(plot, "x", "y")
    titles = {}
    if points:
        plot.plot([x for x, *_ in points], [r.ms for _, r, _ in points], color=SERIES, linewidth=1)
    for index, (x, runtime, size) in enumerate(points):
        plot.plot([x, x], [runtime.low, runtime.high], color=INK, linewidth=1)
        plot.plot(x, runtime.ms, "o", color=SERIES, markersize=4, gid=f"size{index}")
        titles[f"size{index}"] = f"{size}: {runtime} ms"
    caption = "Generated images of the shape of the challenge's. Where the line is flat, the time "
    caption += "is that of starting the work, not of doing it."
    return Drawn("", caption, svg(figure, "sizes", f"Runtime at {len(points)} sizes", titles))


# ---------------------------------------------------------------- operators


def _operators(made: Profiling) -> Table:
    total = sum(_spread(one.samples_ms).ms for one in made.operators)
    spent = [(one, _spread(one.samples_ms)) for one in made.operators[:_COSTLIEST]]
    costliest = [(one, ms) for one, ms in spent if ms.ms >= _LEAST * total]
    rows = [
        (one.name, str(one.calls), str(spent), f"{100 * spent.ms / total:.1f}")
        for one, spent in costliest
    ]
    share = sum(spent.ms for _, spent in costliest) / total if total else 0.0
    return Table(
        f"The {len(rows)} costliest operators",
        ("Operator", "Calls", "Time [ms]", "Share [%]"),
        tuple(rows),
        (
            f"They take {share:.1%} of the time of all {len(made.operators)} operators in a "
            f"forward of {made.images[0]}. An operator's time is its own, without those that it "
            "calls; the profiler lengthens it somewhat, so read shares.",
        ),
    )


def _drawn_operators(made: Profiling) -> Drawn:
    found: Sequence[Operator] = made.operators[:_COSTLIEST][::-1]
    figure, plot = axes(6.2, 1 + 0.25 * len(found), "Time in one forward [ms]")
    titles = {}
    for place, one in enumerate(found):
        spent = _spread(one.samples_ms)
        (bar,) = plot.barh(place, spent.ms, height=0.6, color=SERIES)
        bar.set_gid(f"operator{place}")
        plot.plot([spent.low, spent.high], [place] * 2, color=INK, linewidth=1)
        titles[f"operator{place}"] = f"{one.name}: {one.calls} calls, {spent} ms"
    name_rows(plot, [one.name for one in found])
    caption = "The line spans the fastest and the slowest of the repeats."
    return Drawn("", caption, svg(figure, "operators", "Time of the costliest operators", titles))


# ---------------------------------------------------------------- runtimes


def _runtime(visit: Visit, split: str) -> _Runtime:
    images = visit.samples_ms[split]
    sweeps = [estimates.mean(sweep) for sweep in zip(*images, strict=True)]
    return _Runtime(estimates.split_runtime_ms(images), min(sweeps), max(sweeps))


def _spread(samples_ms: Sequence[float]) -> _Runtime:
    return _Runtime(estimates.image_runtime_ms(samples_ms), min(samples_ms), max(samples_ms))
