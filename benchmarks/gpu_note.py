"""What gpu_check.py has timed, as Markdown."""

import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness.ranking.leaderboard import Row
from harness.records import Visit


class Repetition(NamedTuple):
    """One complete timing: ranked rows by name, and the seconds of each visit."""

    rows: dict[str, Row]  # by name
    notes: tuple[str, ...]  # on the rounds
    seconds: tuple[float, ...]


def ratio(row: Row, rows: dict[str, Row]) -> float:
    """Return the runtime's ratio to the baseline's."""
    base = next(one for one in rows.values() if one.figures.name == "SPAN")
    return row.figures.metrics["runtime_ms"] / base.figures.metrics["runtime_ms"]


def board(one: Repetition) -> Iterator[str]:
    """Yield the ranked table with its intervals."""
    yield "| rank | network | runtime [ms] | 95 % interval | ratio to SPAN | ahead of next |"
    yield "|---:|---|---:|---:|---:|---:|"
    for row in one.rows.values():
        ranks, ahead = row.certainty.ranks or (row.rank, row.rank), row.certainty.ahead
        place = "-".join(map(str, dict.fromkeys(ranks)))
        runtime = row.figures.metrics["runtime_ms"]
        low, high = (row.runtime.interval_ms if row.runtime else None) or (runtime, runtime)
        interval = "the unit" if low == high else f"{low:.3f} to {high:.3f}"
        sure = "" if ahead is None else f"{100 * ahead:.1f} %"
        cells = [place, row.figures.name, f"{runtime:.3f}", interval]
        yield "| " + " | ".join([*cells, f"{ratio(row, one.rows):.4f}", sure]) + " |"


def flags(repetitions: Sequence[Repetition]) -> Iterator[str]:
    """Yield what the clock, the rounds and the watch over the GPU flagged."""
    for number, one in enumerate(repetitions, 1):
        for name, row in one.rows.items():
            yield from (f"- {number}, {name}: [{flag}] {text}" for flag, text in row.flags.items())
        yield from (f"- {number}: {note}" for note in one.notes)


def spreads(repetitions: Sequence[Repetition]) -> Iterator[str]:
    """Yield each network's ratio and rank in every repetition, and how far the ratios spread."""
    numbers = " | ".join(str(number + 1) for number in range(len(repetitions)))
    yield f"| network | {numbers} | spread | ranks |"
    yield "|---|" + "---:|" * (len(repetitions) + 2)
    worst = 0.0
    for name in repetitions[0].rows:
        ratios = [ratio(one.rows[name], one.rows) for one in repetitions]
        spread = (max(ratios) - min(ratios)) / statistics.fmean(ratios)
        worst = max(worst, spread)
        ranks = ", ".join(str(one.rows[name].rank) for one in repetitions)
        values = " | ".join(f"{value:.4f}" for value in ratios)
        yield f"| {name} | {values} | {spread:.2%} | {ranks} |"
    orders = {tuple(one.rows) for one in repetitions}
    same = "identical" if len(orders) == 1 else "not identical"
    yield ""
    yield f"The widest spread is {worst:.2%} (the aim is 0.5 %); the ranks are {same}."


def overhead(repetitions: Sequence[Repetition]) -> str:
    """Say what a visit costs beside the timed calls."""
    whole = statistics.fmean(second for one in repetitions for second in one.seconds)
    visits = [
        made.visit
        for one in repetitions
        for row in one.rows.values()
        if row.entry and row.entry.timing
        for made in row.entry.timing.visits
    ]
    calls = statistics.fmean(map(seconds_of_calls, visits))
    inside = statistics.fmean(visit.ended_s - visit.began_s for visit in visits)
    return (
        f"A visit takes {whole:.2f} s (mean of {len(visits)}): {calls:.2f} s of timed calls, "
        f"{inside - calls:.2f} s of warm-up and of digests of the outputs, and "
        f"{whole - inside:.2f} s of everything else: copies, the start of the process, PyTorch's "
        "import, loading, the end, the store."
    )


def launches(one: Repetition) -> Iterator[str]:
    """Yield what launching costs: the columns that rank nobody."""
    yield "| network | runtime [ms] | launch | back to back | CUDA graph | bound by |"
    yield "|---|" + "---:|" * 4 + "---|"
    for name, row in one.rows.items():
        keys = ("runtime_ms", "launch_ms", "back_to_back_ms", "graph_ms")
        found = (row.columns[key] for key in keys)
        cells = ["" if ms is None else f"{ms:.3f}" for ms in found]
        yield "| " + " | ".join([name, *cells, str(row.columns["bound_by"] or "")]) + " |"


def seconds_of_calls(visit: Visit) -> float:
    """Return how long the measuring itself took: timed calls, perturbed ones, bursts."""
    samples = [ms for split in visit.samples_ms.values() for image in split for ms in image]
    perturbed = [ms for split in visit.perturbed_ms.values() for _, ms in split]
    bursts = [burst.ended_s - burst.began_s for burst in visit.bursts.values()]
    return (sum(samples) + sum(perturbed)) / 1e3 + sum(bursts)


def cold(fair: Repetition, official: Repetition) -> Iterator[str]:
    """Yield the runtimes by both policies."""
    yield "| network | fair [ms] | official [ms] | quotient | ratio, fair | ratio, official |"
    yield "|---|" + "---:|" * 5
    for name, row in fair.rows.items():
        other = official.rows[name]
        ms = [one.figures.metrics["runtime_ms"] for one in (row, other)]
        ratios = f"{ratio(row, fair.rows):.4f} | {ratio(other, official.rows):.4f}"
        yield f"| {name} | {ms[0]:.3f} | {ms[1]:.3f} | {ms[1] / ms[0]:.2f} | {ratios} |"
