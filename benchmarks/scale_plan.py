"""What a challenge takes on many GPUs, from what its units cost. Arithmetic: it measures nothing.

python benchmarks/scale_plan.py
"""

from dataclasses import dataclass
from math import ceil

from harness import protocols

IMAGES, LR_BYTES, HR_BYTES = 400, 339 * 510 * 3, 1356 * 2040 * 3


@dataclass(frozen=True)
class Costs:
    """What the parts of a unit cost; seconds and bytes."""

    parent_s: float = 0.02  # of the parent's processor, an entry; benchmarks/scale.py measures it
    stored_bytes: float = 2e3  # of results, an entry and image; benchmarks/scale.py measures it
    start_s: float = 2.5  # of a pass, until its first forward: docs/measurements/overhead.md
    score_s: float = 0.020  # of the harness, an image scored from the cache: the same
    beside_s: float = 1.9  # of a visit beside its timed calls: docs/measurements/visit-cost.md
    forward_s: float = 0.010  # assumed: a network of these challenges on a GPU of a data centre
    job_s: float = 240 * 60.0  # the time limit of a job
    read_bytes_s: float = 1e9  # assumed: what a file system shared by all nodes gives


@dataclass(frozen=True)
class Plan:
    """What a challenge takes."""

    evaluation_s: float
    timing_s: float
    gpu_s: float
    moved_bytes: float
    bottleneck: str
    crews: int  # at least, so that a round fits into a job


def planned(entries: int, gpus: int, costs: Costs) -> Plan:
    """Plan entries x 400 images, timed by the policy of NTIRE 2026."""
    policy = protocols.load("ntire2026").timing
    unit_s = 2 * costs.start_s + IMAGES * (costs.forward_s + costs.score_s)
    visit_s = costs.beside_s + IMAGES * policy.sweeps * costs.forward_s
    crews = max(1, min(gpus, entries // 4))
    rounds_s = policy.rounds * (ceil(entries / crews) + 3) * visit_s
    evaluation_s = ceil(entries / gpus) * unit_s
    evaluated = entries * IMAGES * (2 * LR_BYTES + HR_BYTES + costs.stored_bytes)
    visits = policy.rounds * (entries + 3 * crews)
    moved = evaluated + visits * IMAGES * LR_BYTES
    demands = {
        "the GPUs, timing": rounds_s,
        "the GPUs, evaluating": evaluation_s,
        "the shared file system": moved / costs.read_bytes_s,
        "the parent": entries * costs.parent_s,
    }
    most = int(costs.job_s / visit_s) - 3  # entries of a crew whose round fits into a job
    return Plan(
        evaluation_s,
        rounds_s,
        entries * unit_s + visits * visit_s,
        moved,
        max(demands, key=lambda name: demands[name]),
        ceil(entries / most),
    )


def told(costs: Costs) -> None:
    """Print the plans as a table in Markdown."""
    print(f"{IMAGES} images an entry; {costs}")
    print()
    print(
        "| entries | GPUs | evaluating h | timing h | GPU-hours | moved TB | parent h "
        "| first bottleneck | crews at least |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---|---:|")
    for entries in (60, 1_000, 10_000):
        for gpus in (1, 8, 64):
            plan = planned(entries, gpus, costs)
            print(
                f"| {entries:,} | {gpus} | {plan.evaluation_s / 3600:,.1f} "
                f"| {plan.timing_s / 3600:,.1f} | {plan.gpu_s / 3600:,.0f} "
                f"| {plan.moved_bytes / 1e12:,.2f} "
                f"| {entries * costs.parent_s / 3600:.2f} | {plan.bottleneck} | {plan.crews} |"
            )


if __name__ == "__main__":
    told(Costs())
