"""The columns of `leaderboard.csv`: base units, full precision."""

import math
from collections.abc import Iterator

from harness.ranking.scores import format_score
from harness.records import Certainty, Entry, Figures, Protocol, Standing
from harness.statistics import estimates, launches, runtimes
from harness.statistics.figures import fidelity_means
from harness.statistics.runtimes import Runtime

COUNTERS = ("fvcore", "hooks", "torch", "ptflops", "graph")
_RANKED = {"runtime": "runtime_ms", "flops": "flops", "params": "params"}  # column -> metric
Cell = str | int | float | None


def of_standing(
    figures: Figures, standing: Standing, sure: Certainty, protocol: Protocol
) -> dict[str, Cell]:
    """Return the columns of an entry's standing."""
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


def of_measurements(
    entry: Entry, figures: Figures, runtime: Runtime | None, protocol: Protocol
) -> dict[str, Cell]:
    """Return the columns of what was measured."""
    columns: dict[str, Cell] = {}
    for split in protocol.splits:
        columns |= _split_columns(entry, runtime, split.name, protocol)
    low, high = (runtime.interval_ms if runtime else None) or (None, None)
    columns |= {"runtime_ms": figures.metrics.get("runtime_ms")}
    columns |= {"runtime_ms_low": low, "runtime_ms_high": high}
    other = runtimes.official(entry)
    columns["runtime_official_ms"] = other.ms if other else None
    columns |= _launch_columns(entry, runtime)
    energies = list(entry.timing.energy_mj.values()) if entry.timing else []
    columns |= {"energy_mj": estimates.mean(energies) if energies else None}
    columns["process_mib"] = _mib(entry.timing.process_bytes if entry.timing else None)
    return columns | dict(_cost_columns(entry, figures))


def _launch_columns(entry: Entry, runtime: Runtime | None) -> dict[str, Cell]:
    found = launches.of_entry(entry, runtime) if runtime else None
    return {
        "launch_ms": found.host_ms if found else None,
        "back_to_back_ms": found.row_ms if found else None,
        "graph_ms": found.graph_ms if found else None,
        "bound_by": found.bound_by(runtime.ms) if found and runtime else None,
    }


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
        columns[column] = fidelity_means(entry, protocol, name).get(split)
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


def _mib(size: int | None) -> float | None:
    return None if size is None else size / 2**20


def _score(log_score: float) -> float | str:
    """Return the score at 12 digits, which logarithms keep; as text beyond the largest float."""
    try:
        return float(f"{math.exp(log_score):.12g}")
    except OverflowError:
        return format_score(log_score)
