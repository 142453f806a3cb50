"""One visit of the clock to a submission: on which images, and what it depends on."""

from typing import Any

from harness.entries.submission import Submission
from harness.evaluation.bench import Bench
from harness.evaluation.scoring import sources
from harness.images.datasets import SplitData, generated_split
from harness.records import Outcome
from harness.records.schema import to_table


def time_pass(submission: Submission, bench: Bench) -> Outcome:
    """Visit a submission once with the clock, whatever the store holds."""
    images = sources(timed_splits(bench))
    total = len(images) * bench.protocol.timing.sweeps
    return bench.run("time", submission, images, total)


def timing_depends(bench: Bench) -> dict[str, Any]:
    """Return what every visit of a timing depends on, whichever entry it is to."""
    policy = to_table(bench.protocol.timing)
    del policy["rounds"], policy["official_runs"]  # more rounds go on with a session
    return {
        "lr": {split.name: split.lr_digest for split in timed_splits(bench)},
        "timing": policy,
        "identity": bench.identity,
        "switches": bench.protocol.switches,
        "scale": bench.protocol.scale,
    }


def timed_splits(bench: Bench) -> list[SplitData]:
    """Return the splits that are there; runtime needs no HR.

    Where the protocol states costs for an output of one size, it is the generated image of that
    size, alone.
    """
    if bench.protocol.complexity.output:
        return [generated_split("generated", *bench.protocol.cost_size)]
    return [split for split in bench.splits if split.pairs]
