"""The verdict of a check: as the block that it ends in, and as JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness import cli
from harness.evaluation.preflight import Verdict, cost_lines
from harness.ranking.forecast import Forecast
from harness.records import Protocol
from reports import units


def block(verdict: Verdict, protocol: Protocol, following: str) -> str:
    """Return whether it is ready, how far from each limit, what to fix, and the next command."""
    count = len(verdict.to_fix)
    state = f"Not ready: {count} to fix." if count else "Ready."
    lines = [f"{verdict.name}: {state}", *_figures(verdict, protocol)]
    if verdict.forecast:
        lines += _forecast(verdict.forecast, protocol)
    if count:
        lines += ["To fix:", *(f"  {n}. {text}" for n, text in enumerate(verdict.to_fix, 1))]
    return "\n  ".join([*lines, f"Next: {following}"])


def _figures(verdict: Verdict, protocol: Protocol) -> Iterator[str]:
    if verdict.figures is None:
        return
    for split in protocol.splits:
        psnr, limit = verdict.figures.psnr_db.get(split.name), split.threshold
        shown = "not measured" if psnr is None else f"{psnr:.4f} dB"
        if limit:
            margin = "" if psnr is None else f"{psnr - limit.db:+.4f} dB from "
            shown += f", {margin}the threshold {limit.db:.{limit.decimals}f} dB"
        yield f"{protocol.psnr} {split.name}: {shown}"
    yield from cost_lines(verdict.figures, verdict.base, protocol)


def _forecast(forecast: Forecast, protocol: Protocol) -> Iterator[str]:
    table = f"of {forecast.ranked} in the published table of {protocol.name}"
    if forecast.reason:
        yield f"published table of {protocol.name}: it would not be ranked: {forecast.reason}"
        return
    if forecast.rank is not None and forecast.log_score is not None:
        low, high = forecast.ranks or (forecast.rank, forecast.rank)
        within = "" if low == high else f" ({low} to {high})"
        score = units.score(forecast.log_score, forecast.log_scores)
        yield f"predicted: score {score}, rank {forecast.rank}{within} {table}"
    else:
        by = [f"{metric} {rank}" for metric, rank in forecast.metric_ranks.items()]
        needed = f"a score needs the runtime beside {protocol.baseline.names[0]}'s"
        yield f"predicted: rank by {', by '.join(by)} {table}; {needed}"


def record(verdict: Verdict, protocol: Protocol, path: Path, following: str) -> dict[str, Any]:
    """Return the verdict as JSON has it: base units, full precision."""
    figures, restored, foretold = verdict.figures, verdict.restored, verdict.forecast
    psnr = figures.psnr_db if figures else {}
    runtime = verdict.runtime
    return {
        "path": str(path),
        "name": verdict.name,
        "protocol": protocol.name,
        "ready": not verdict.to_fix,
        "to_fix": verdict.to_fix,
        "findings": [{"good": one.good, "text": one.text} for one in verdict.findings],
        "psnr_db": psnr,
        "margins_db": {
            split.name: psnr[split.name] - split.threshold.db
            for split in protocol.splits
            if split.threshold and split.name in psnr
        },
        "embedded": vars(restored) if restored else None,
        "metrics": figures.metrics if figures else {},
        "runtime_interval_ms": runtime.interval_ms if runtime else None,
        "baseline": verdict.base,
        "forecast": _foretold(foretold) if foretold else None,
        "next": following,
    }


def _foretold(forecast: Forecast) -> dict[str, Any]:
    score, ends = forecast.log_score, forecast.log_scores
    return {
        "ranked": forecast.ranked,
        "reason": forecast.reason,
        "rank": forecast.rank,
        "rank_interval": forecast.ranks,
        "metric_ranks": forecast.metric_ranks,
        "log_score": score,
        "log_score_interval": ends,
    }


def following(verdict: Verdict, path: Path, protocol: str, data: Path | None) -> str:
    """Return the command to give next."""
    given = f"{cli.quoted(path)} --protocol {protocol}"
    images = f" --data {cli.quoted(data)}" if data else ""
    if verdict.to_fix:
        return f"fix it, then {cli.program()} check {given}{images} --quick"
    if data is None or verdict.runtime is None:
        return f"{cli.program()} check {given}{images or ' --data DATA'}"
    return f"{cli.program()} profile {given}{images}"
