"""A run as rows: the figures of each entry, its standing, and the columns of `leaderboard.csv`."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from harness import certainty, runtimes, statistics
from harness.ranking import format_score, rank
from harness.records import Certainty, Entry, Figures, Protocol, Run, Standing
from harness.runtimes import Runtime

COUNTERS = ("fvcore", "hooks", "torch", "ptflops")
_PSNR = {"rgb": "psnr_db", "y": "psnr_y_db"}  # colour -> field of Fidelity
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
    runtime: Runtime | None = None  # what the rounds say of it
    certainties: dict[str, Certainty] = field(default_factory=dict)  # of its places, main first

    @property
    def certainty(self) -> Certainty:
        """Return how sure its place in the main track is."""
        return next(iter(self.certainties.values()), Certainty())

    @property
    def flags(self) -> dict[str, str]:
        """Return what measuring and ranking flagged: flag -> explanation."""
        return (self.entry.flags if self.entry else {}) | self.standing.flags


@dataclass(frozen=True)
class Leaderboard:
    """All rows, best first; entries without a rank follow in the order they were given.

    Where the protocol ranks nothing, by FLOPs.
    """

    rows: tuple[Row, ...]
    protocol: Protocol
    baseline: str  # whose figures the scores are relative to; empty where there is none
    notes: tuple[str, ...]


def of_run(
    run: Run, protocol: Protocol | None = None, baseline: BaselineSource = "measured"
) -> Leaderboard:
    """Rank the entries of `run`, under another protocol where one is given."""
    # how the entries were timed is the run's, whichever protocol ranks them
    protocol = replace(protocol or run.protocol, timing=run.protocol.timing)
    measured = runtimes.of_entries(run.entries, run.protocol.timing.policy)
    timed = [measured.get(entry.slug) for entry in run.entries]
    figures = [
        figures_of(entry, protocol, runtime)
        for entry, runtime in zip(run.entries, timed, strict=True)
    ]
    built = _build(figures, run.entries, timed, protocol, baseline)
    return replace(built, notes=(*built.notes, *_data_notes(run, protocol), *_timing_notes(run)))


def of_table(
    figures: Sequence[Figures], protocol: Protocol, baseline: BaselineSource = "measured"
) -> Leaderboard:
    """Rank the figures of a table."""
    absent = [None] * len(figures)
    return _build(figures, absent, absent, protocol, baseline)


def _build(
    figures: Sequence[Figures],
    entries: Sequence[Entry | None],
    timed: Sequence[Runtime | None],
    protocol: Protocol,
    baseline: BaselineSource,
) -> Leaderboard:
    ranking = rank(figures, protocol, baseline)
    called = [
        runtime for one, runtime in zip(figures, timed, strict=True) if one.name == ranking.baseline
    ]
    reference = called[0] if called else None
    main, rows = protocol.main_track, []
    sure = {
        track.name: certainty.of_track(ranking, timed, reference, track)
        for track in protocol.tracks
    }
    for index, (numbers, entry, runtime, standing) in enumerate(
        zip(figures, entries, timed, ranking.standings, strict=True)
    ):
        how_sure = {track: certainties[index] for track, certainties in sure.items()}
        place = standing.places.get(main.name) if main else None
        row = Row(numbers, standing, place.rank if place else None, {}, entry, runtime, how_sure)
        columns = _standing_columns(numbers, standing, row.certainty, protocol)
        if entry:
            columns |= _measured_columns(entry, numbers, runtime, protocol)
            columns["flags"] = "; ".join(entry.flags | standing.flags)
        rows.append(replace(row, columns=columns))
    if main:
        rows.sort(key=lambda r: (r.rank is None, r.rank or 0, r.figures.status == "skipped"))
    else:
        rows.sort(key=lambda row: row.figures.metrics.get("flops", math.inf))
    return Leaderboard(tuple(rows), protocol, ranking.baseline, ranking.notes)


def _data_notes(run: Run, protocol: Protocol) -> Iterator[str]:
    """Say what was compared, where it is not RGB, and on what it was not."""
    if protocol.colour == "y":
        rounded = "rounded to uint8" if run.protocol.rounded_luma else "in floating point"
        yield (
            f"PSNR-Y and SSIM-Y are of MATLAB's rgb2ycbcr {rounded}, "
            f"{run.protocol.border} pixels of border cut"
        )
    absent = [split.name for split in run.splits if not split.images]
    if absent:
        yield f"no images of {', '.join(absent)} were in the data folder"
    made = [split for split in run.splits if split.made_lr]
    if made:
        names = ", ".join(split.name for split in made)
        yield f"LR of {names} was made from HR by {made[0].made_lr}"


def _timing_notes(run: Run) -> Iterator[str]:
    """Say what a reader must know of the rounds."""
    policy = run.protocol.timing
    if run.rounds and policy.policy == "official":
        yield f"runtime by the official policy: cold, the mean of {policy.rounds} runs"
    elif policy.official_runs:
        yield (
            f"beside the runtime that counts stands that of the official policy: cold, the mean of "
            f"{policy.official_runs} runs"
        )
    if run.rounds and policy.policy == "fair" and not any(done.drifts for done in run.rounds):
        absent = "the baseline was not timed in this run"
        why = absent if run.protocol.baseline.names else "the protocol names no baseline"
        yield f"rounds have no brackets: {why}"
    for done in run.rounds:
        if done.flagged:
            yield (
                f"round {done.number + 1} of session {done.session + 1}: the baselines before and "
                f"after it differ by {done.drifts[-1]:.1%}, after {len(done.drifts)} attempts"
            )


def figures_of(entry: Entry, protocol: Protocol, runtime: Runtime | None) -> Figures:
    """Reduce an entry's raw measurements to the figures that are ranked."""
    metrics: dict[str, float] = {}
    if entry.inspection:
        complexity = entry.inspection.complexity
        metrics["params"] = entry.inspection.params
        metrics["activations"] = complexity.activations
        if official := complexity.flops.get(protocol.counter.name):
            metrics["flops"] = official.flops
    if runtime:
        metrics["runtime_ms"] = runtime.ms
    if entry.timing:
        first = next(iter(entry.timing.peak_bytes.values()))
        metrics["memory_mib"] = first / 2**20
    return Figures(
        name=entry.name,
        id=entry.id,
        team=entry.team,
        status=entry.status,
        reason=entry.failure.reason if entry.failure else "",
        psnr_db=_fidelity_means(entry, protocol, _PSNR[protocol.colour]),
        metrics=metrics,
    )


def _standing_columns(
    figures: Figures, standing: Standing, sure: Certainty, protocol: Protocol
) -> dict[str, Cell]:
    rank_low, rank_high = sure.ranks or (None, None)
    log_low, log_high = sure.log_score or (None, None)
    main = standing.places.get(protocol.main_track.name) if protocol.main_track else None
    columns: dict[str, Cell] = {
        "rank": main.rank if main else None,
        "rank_low": rank_low,
        "rank_high": rank_high,
        "ahead_of_next": sure.ahead,
        "id": figures.id,
        "name": figures.name,
        "team": figures.team,
        "status": figures.status,
        "eligible": standing.eligible,
        "reason": standing.reason,
        "score": _score(main.log_score) if main else None,
        "score_low": None if log_low is None else _score(log_low),
        "score_high": None if log_high is None else _score(log_high),
    }
    for column, metric in _RANKED.items():
        part = standing.log_parts.get(metric)
        columns[f"score_{column}"] = None if part is None else _score(part)
    for column, metric in _RANKED.items():
        columns[f"rank_{column}"] = standing.metric_ranks.get(metric)
    return columns


def _measured_columns(
    entry: Entry, figures: Figures, runtime: Runtime | None, protocol: Protocol
) -> dict[str, Cell]:
    columns: dict[str, Cell] = {}
    for split in protocol.splits:
        columns |= _split_columns(entry, runtime, split.name, protocol)
    low, high = (runtime.interval_ms if runtime else None) or (None, None)
    columns |= {"runtime_ms": figures.metrics.get("runtime_ms")}
    columns |= {"runtime_ms_low": low, "runtime_ms_high": high}
    other = runtimes.official(entry)
    columns["runtime_official_ms"] = other.ms if other else None
    energies = list(entry.timing.energy_mj.values()) if entry.timing else []
    columns |= {"energy_mj": statistics.mean(energies) if energies else None}
    columns["process_mib"] = _mib(entry.timing.process_bytes if entry.timing else None)
    return columns | dict(_cost_columns(entry, figures))


def _split_columns(
    entry: Entry, runtime: Runtime | None, split: str, protocol: Protocol
) -> dict[str, Cell]:
    columns: dict[str, Cell] = {}
    for name, column in (
        ("psnr_db", f"psnr_{split}_db"),
        ("ssim", f"ssim_{split}"),
        ("psnr_y_db", f"psnr_y_{split}_db"),
        ("ssim_y", f"ssim_y_{split}"),
    ):
        columns[column] = _fidelity_means(entry, protocol, name).get(split)
    columns[f"runtime_{split}_ms"] = runtime.split_ms.get(split) if runtime else None
    timing = entry.timing
    columns[f"memory_{split}_mib"] = _mib(timing.peak_bytes.get(split) if timing else None)
    columns[f"reserved_{split}_mib"] = _mib(timing.reserved_bytes.get(split) if timing else None)
    return columns


def _cost_columns(entry: Entry, figures: Figures) -> Iterator[tuple[str, Cell]]:
    inspection = entry.inspection
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


def _mib(size: int | None) -> float | None:
    return None if size is None else size / 2**20


def _score(log_score: float) -> float | str:
    """Return the score at 12 digits, which logarithms keep; as text beyond the largest float."""
    try:
        return float(f"{math.exp(log_score):.12g}")
    except OverflowError:
        return format_score(log_score)
