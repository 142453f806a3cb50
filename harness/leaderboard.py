"""A run as rows: the figures of each entry, its standing, and the columns of `leaderboard.csv`."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from harness import statistics
from harness.ranking import format_score, rank
from harness.records import Entry, Figures, Protocol, Run, Standing

COUNTERS = ("fvcore", "hooks", "torch", "ptflops")
_RANKED = {"runtime": "runtime_ms", "flops": "flops", "params": "params"}  # column -> metric

Cell = str | int | float | None
BaselineSource = Literal["measured", "published"]


@dataclass(frozen=True)
class Row:
    """One entry on the leaderboard."""

    figures: Figures
    standing: Standing
    rank: int | None  # in the protocol's main track
    columns: dict[str, Cell]  # as in `leaderboard.csv`, base units
    entry: Entry | None = None  # None where a table was ranked

    @property
    def flags(self) -> dict[str, str]:
        """Return what measuring and ranking flagged: flag -> explanation."""
        return (self.entry.flags if self.entry else {}) | self.standing.flags


@dataclass(frozen=True)
class Leaderboard:
    """All rows, best first; entries without a rank follow in the order they were given."""

    rows: tuple[Row, ...]
    protocol: Protocol
    baseline: str  # whose figures the scores are relative to; empty where there is none
    notes: tuple[str, ...]


def of_run(
    run: Run, protocol: Protocol | None = None, baseline: BaselineSource = "measured"
) -> Leaderboard:
    """Rank the entries of `run`, under another protocol where one is given."""
    protocol = protocol or run.protocol
    figures = [figures_of(entry, protocol) for entry in run.entries]
    return _build(figures, run.entries, protocol, baseline)


def of_table(
    figures: Sequence[Figures], protocol: Protocol, baseline: BaselineSource = "measured"
) -> Leaderboard:
    """Rank the figures of a table."""
    return _build(figures, [None] * len(figures), protocol, baseline)


def _build(
    figures: Sequence[Figures],
    entries: Sequence[Entry | None],
    protocol: Protocol,
    baseline: BaselineSource,
) -> Leaderboard:
    ranking = rank(figures, protocol, baseline)
    rows = []
    for numbers, entry, standing in zip(figures, entries, ranking.standings, strict=True):
        columns = _standing_columns(numbers, standing, protocol)
        if entry:
            columns |= _measured_columns(entry, numbers, protocol)
            columns["flags"] = "; ".join(entry.flags | standing.flags)
        main = standing.places.get(protocol.tracks[0].name)
        rows.append(Row(numbers, standing, main.rank if main else None, columns, entry))
    rows.sort(key=lambda row: (row.rank is None, row.rank or 0, row.figures.status == "skipped"))
    return Leaderboard(tuple(rows), protocol, ranking.baseline, ranking.notes)


def figures_of(entry: Entry, protocol: Protocol) -> Figures:
    """Reduce an entry's raw measurements to the figures that are ranked."""
    metrics: dict[str, float] = {}
    if entry.inspection:
        complexity = entry.inspection.complexity
        metrics["params"] = entry.inspection.params
        metrics["activations"] = complexity.activations
        if official := complexity.flops.get(protocol.counter.name):
            metrics["flops"] = official.flops
    if entry.timing:
        metrics["runtime_ms"] = statistics.runtime_ms(entry.timing.samples_ms)
        first = next(s.name for s in protocol.splits if s.name in entry.timing.peak_bytes)
        metrics["memory_mib"] = entry.timing.peak_bytes[first] / 2**20
    return Figures(
        name=entry.name,
        id=entry.id,
        team=entry.team,
        status=entry.status,
        reason=entry.failure.reason if entry.failure else "",
        psnr_db=_fidelity_means(entry, protocol, "psnr_db"),
        metrics=metrics,
    )


def _standing_columns(figures: Figures, standing: Standing, protocol: Protocol) -> dict[str, Cell]:
    main = standing.places.get(protocol.tracks[0].name)
    columns: dict[str, Cell] = {
        "rank": main.rank if main else None,
        "id": figures.id,
        "name": figures.name,
        "team": figures.team,
        "status": figures.status,
        "eligible": standing.eligible,
        "reason": standing.reason,
        "score": _score(main.log_score) if main else None,
    }
    for column, metric in _RANKED.items():
        part = standing.log_parts.get(metric)
        columns[f"score_{column}"] = None if part is None else _score(part)
    for column, metric in _RANKED.items():
        columns[f"rank_{column}"] = standing.metric_ranks.get(metric)
    return columns


def _measured_columns(entry: Entry, figures: Figures, protocol: Protocol) -> dict[str, Cell]:
    columns: dict[str, Cell] = {}
    for split in protocol.splits:
        columns |= _split_columns(entry, figures, split.name, protocol)
    return columns | dict(_cost_columns(entry, figures))


def _split_columns(
    entry: Entry, figures: Figures, split: str, protocol: Protocol
) -> dict[str, Cell]:
    timing = entry.timing
    timed = timing is not None and split in timing.samples_ms
    columns: dict[str, Cell] = {f"psnr_{split}_db": figures.psnr_db.get(split)}
    for field, column in (
        ("ssim", f"ssim_{split}"),
        ("psnr_y_db", f"psnr_y_{split}_db"),
        ("ssim_y", f"ssim_y_{split}"),
    ):
        columns[column] = _fidelity_means(entry, protocol, field).get(split)
    columns[f"runtime_{split}_ms"] = (
        statistics.split_runtime_ms(timing.samples_ms[split]) if timing and timed else None
    )
    columns[f"memory_{split}_mib"] = timing.peak_bytes[split] / 2**20 if timing and timed else None
    return columns


def _cost_columns(entry: Entry, figures: Figures) -> Iterator[tuple[str, Cell]]:
    inspection = entry.inspection
    yield "runtime_ms", figures.metrics.get("runtime_ms")
    yield "params", inspection.params if inspection else None
    yield "params_loaded", inspection.params_loaded if inspection else None
    yield "flops", figures.metrics.get("flops")
    for counter in COUNTERS:
        count = inspection.complexity.flops.get(counter) if inspection else None
        yield f"flops_{counter}", count.flops if count else None
    yield "activations", inspection.complexity.activations if inspection else None
    yield "num_conv", inspection.complexity.num_conv if inspection else None


def _fidelity_means(entry: Entry, protocol: Protocol, field: str) -> dict[str, float]:
    means = {}
    for split in protocol.splits:
        values: list[float | None] = [
            getattr(score.fidelity, field) for score in entry.scores if score.split == split.name
        ]
        known = [value for value in values if value is not None]
        if known and len(known) == len(values):
            means[split.name] = statistics.mean(known)
    return means


def _score(log_score: float) -> float | str:
    """Return the score at 12 digits, which logarithms keep; as text beyond the largest float."""
    try:
        return float(f"{math.exp(log_score):.12g}")
    except OverflowError:
        return format_score(log_score)
