"""One visit of the clock to a submission: on which images, and what it depends on."""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.entries.submission import File, Submission
from harness.evaluation import identity, sameness
from harness.evaluation.bench import Bench, result
from harness.evaluation.clock import Differing, Sample, measure, perturbed
from harness.images.datasets import Pair, SplitData, generated_split
from harness.records import (
    Entry,
    Manifest,
    ModelTable,
    Outcome,
    Restoration,
    TimingPolicy,
    Visit,
)
from harness.records.schema import to_table
from harness.sandbox.exchange import Exchange
from harness.sandbox.process import Finish
from harness.statistics import referee
from harness.worker import devices
from harness.worker.folder import SUBMISSION

_RANDOM = random.SystemRandom()
_EXCHANGE, EXCHANGES = "exchange", 3  # what its visit is called; calls on each size


def time_pass(submission: Submission, bench: Bench, entry: Entry | None = None) -> Outcome:
    """Visit a submission once with the clock, whatever the store holds.

    Where its images were restored, as `entry` says, SR images that differ are compared.
    """
    images, policy = samples(timed_splits(bench), entry), bench.protocol.timing
    different = sameness.Sample()

    def drive(exchange: Exchange) -> Finish:
        visit = visited(exchange, images, policy, bench, different.take)
        return lambda told: with_told(visit, told)

    outcome = bench.run("time", submission, drive, len(images) * policy.sweeps)
    return sameness.compared(outcome, different, submission, bench)


def exchange_pass(bench: Bench) -> Outcome:
    """Visit a network that costs nothing: an image of every size, for what the exchange takes."""
    images = {one.size: one for one in samples(timed_splits(bench))}
    every = [one._replace(split=_EXCHANGE) for one in images.values()]
    policy = replace(bench.protocol.timing, policy="fair", sweeps=EXCHANGES, energy=False)

    def drive(exchange: Exchange) -> Finish:
        visit = visited(exchange, every, policy, bench)
        return lambda told: with_told(visit, told)

    return bench.run("time", _identity(bench.protocol.scale), drive, len(every) * EXCHANGES)


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
    exchange: Exchange,
    images: Sequence[Sample],
    policy: TimingPolicy,
    bench: Bench,
    differs: Callable[[Differing], None] = lambda one: None,
) -> Visit:
    """Visit with the clock whatever answers at the other end."""
    return measure(
        exchange,
        images,
        devices.kind(bench.device),
        policy,
        progress=bench.progress.advance,
        seed=_RANDOM.getrandbits(63),
        differs=differs,
    )


def with_told(visit: Visit, told: Restoration) -> Visit:
    """Add what the worker said of all calls together."""
    return replace(visit, flags=visit.flags | told.flags, cores=told.cores)


def samples(splits: Sequence[SplitData], entry: Entry | None = None) -> list[Sample]:
    """Return the LR images of `splits`, with what is known of their SR images.

    To read a damaged one raises DataError.
    """
    found = []
    for split in splits:
        known = entry.ordinary(split.name) if entry else ()
        restored = entry.restorations.get(split.name) if entry else None
        for place, (pair, one) in enumerate(zip_longest(split.pairs, known[: len(split.pairs)])):
            sample = Sample(split.name, (pair.lr.height, pair.lr.width), pair.lr.read)
            if one:
                sample = sample._replace(digest=one.sr)
            if one and one.perturbed and restored:
                copy = partial(_copy, pair, restored.perturbation_seed, place)
                sample = sample._replace(perturbed=copy, perturbed_digest=one.perturbed)
            found.append(sample)
    return found


def _copy(pair: Pair, seed: int, place: int) -> NDArray[np.uint8]:
    return perturbed(pair.lr.read(), seed, place)


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


def restored_splits(bench: Bench) -> list[SplitData]:
    """Return the splits that are restored: with HR to be scored, without it to compare timed calls.

    Where nothing of a split without HR is timed, it is not.
    """
    policy = bench.protocol.timing
    timed = timed_splits(bench) if policy.rounds or policy.official_runs else []
    names = [split.name for split in timed]
    return [split for split in bench.splits if split.scorable or split.name in names]


def timed_splits(bench: Bench) -> list[SplitData]:
    """Return the splits that are there; runtime needs no HR.

    Where the protocol states costs for an output of one size, it is the generated image of that
    size, alone.
    """
    if bench.protocol.complexity.output:
        return [generated_split("generated", *bench.protocol.cost_size)]
    return [split for split in bench.splits if split.pairs]
