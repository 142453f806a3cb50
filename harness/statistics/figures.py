"""An entry's raw measurements, reduced to the figures that are ranked. Pure."""

from harness.records import Entry, Figures, Protocol
from harness.statistics import estimates
from harness.statistics.flags import FOR_A_PERSON
from harness.statistics.runtimes import Runtime

_PSNR = {"rgb": "psnr_db", "y": "psnr_y_db"}  # colour -> field of Fidelity


def figures_of(entry: Entry, protocol: Protocol, runtime: Runtime | None) -> Figures:
    """Reduce an entry's raw measurements to the figures that are ranked."""
    metrics: dict[str, float] = {}
    if entry.inspection:
        complexity = entry.inspection.complexity
        metrics["params"] = entry.inspection.params
        metrics["activations"] = complexity.activations
        # no counter but their graph sees into exported and quantised networks, which are flagged
        counter = "graph" if "graph" in complexity.flops else protocol.counter.name
        if official := complexity.flops.get(counter):
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
        barred=entry.flags.get("other-function", ""),
        psnr_db=fidelity_means(entry, protocol, _PSNR[protocol.colour]),
        metrics=metrics,
        doubted={flag: text for flag, text in entry.flags.items() if flag in FOR_A_PERSON},
        accepted=entry.accepted,
    )


def fidelity_means(entry: Entry, protocol: Protocol, field: str) -> dict[str, float]:
    """Return split -> mean over its images, where every image has the value."""
    means = {}
    for split in protocol.splits:
        values: list[float | None] = [
            getattr(score.fidelity, field) for score in entry.scores if score.split == split.name
        ]
        known = [value for value in values if value is not None]
        if known and len(known) == len(values):
            means[split.name] = estimates.mean(known)
    return means
