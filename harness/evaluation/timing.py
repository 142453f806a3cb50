"""One visit of the clock to a submission: on which images, and what it depends on."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.entries.submission import File, Submission
from harness.evaluation import identity
from harness.evaluation.bench import Bench, result
from harness.evaluation.clock import Sample, measure
from harness.images.datasets import SplitData, generated_split
from harness.records import Manifest, ModelTable, Outcome, Restoration, TimingPolicy, Visit
from harness.records.schema import to_table
from harness.sandbox.exchange import Exchange
from harness.sandbox.process import Finish
from harness.statistics import referee
from harness.worker import devices
from harness.worker.folder import SUBMISSION

_RANDOM = random.SystemRandom()
_EXCHANGE, _EXCHANGES = "exchange", 5  # what its visit is called; calls on each size


def time_pass(submission: Submission, bench: Bench) -> Outcome:
    """Visit a submission once with the clock, whatever the store holds."""
    images, policy = samples(timed_splits(bench)), bench.protocol.timing

    def drive(exchange: Exchange) -> Finish:
        visit = visited(exchange, images, policy, bench)
        return lambda told: with_told(visit, told)

    return bench.run("time", submission, drive, len(images) * policy.sweeps)


def exchange_pass(bench: Bench) -> Outcome:
    """Visit a network that costs nothing: an image of every size, for what the exchange takes."""
    images = {one.size: one for one in samples(timed_splits(bench))}
    every = [one._replace(split=_EXCHANGE) for one in images.values()]
    policy = replace(bench.protocol.timing, policy="fair", sweeps=_EXCHANGES, energy=False)

    def drive(exchange: Exchange) -> Finish:
        visit = visited(exchange, every, policy, bench)
        return lambda told: with_told(visit, told)

    return bench.run("time", _identity(bench.protocol.scale), drive, len(every) * _EXCHANGES)


def exchange_ms(outcome: Outcome, bench: Bench) -> dict[str, tuple[float, ...]]:
    """Return what the exchange takes, by LR size; nothing where its visit failed."""
    visit = result(Visit, outcome)
    sizes = dict.fromkeys(one.size for one in samples(timed_splits(bench)))
    return referee.costs_ms(visit, _EXCHANGE, list(sizes)) if visit else {}


def _identity(scale: int) -> Submission:
    source = Path(identity.__file__)
    content = hashlib.sha256(source.read_bytes()).hexdigest()
    model = ModelTable(source.name, "Network", {"scale": scale}, scale=scale)
    files = (File(f"{SUBMISSION}/{source.name}", source, content),)
    return Submission(_EXCHANGE, source.parent, Manifest(_EXCHANGE, model), files=files)


def visited(
    exchange: Exchange, images: Sequence[Sample], policy: TimingPolicy, bench: Bench
) -> Visit:
    """Visit with the clock whatever answers at the other end."""
    return measure(
        exchange,
        images,
        devices.kind(bench.device),
        policy,
        progress=bench.progress.advance,
        seed=_RANDOM.getrandbits(63),
    )


def with_told(visit: Visit, told: Restoration) -> Visit:
    """Add what the worker said of all calls together."""
    return replace(visit, flags=visit.flags | told.flags, cores=told.cores)


def samples(splits: Sequence[SplitData]) -> list[Sample]:
    """Return the LR images of `splits`; to read a damaged one raises DataError."""
    return [
        Sample(split.name, (pair.lr.height, pair.lr.width), pair.lr.read)
        for split in splits
        for pair in split.pairs
    ]


def is_whole(outcome: Outcome, bench: Bench) -> bool:
    """Tell whether a stored visit holds what it would be asked for now."""
    visit, policy = result(Visit, outcome), bench.protocol.timing
    if visit is None:
        return True
    sweeps = policy.sweeps if policy.policy == "fair" else 1
    wanted = {split.name: [sweeps] * len(split.pairs) for split in timed_splits(bench)}
    return wanted == {split: list(map(len, all_)) for split, all_ in visit.samples_ms.items()}


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
