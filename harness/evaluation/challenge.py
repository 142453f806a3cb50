"""Many submissions: each evaluated, then all timed in rounds; none stops the others."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import harness
from harness.entries.submission import BrokenSubmission, Submission
from harness.errors import InputError
from harness.evaluation import forecast, rounds
from harness.evaluation.bench import Bench
from harness.evaluation.evaluate import evaluate
from harness.evaluation.scoring import album_of_split
from harness.evaluation.session import Contestant
from harness.evaluation.timing import timed_splits
from harness.images.datasets import SplitData
from harness.machines import ceiling, environment, sampler
from harness.records import Entry, Round, Run
from harness.sandbox.staging import remove_leftovers
from harness.store.runs import SCHEMA_VERSION, save_run

T = TypeVar("T")


def run(
    found: Sequence[Submission | BrokenSubmission], bench: Bench, out: Path, command: str
) -> Run:
    """Measure `found` and write `results.json` to `out`.

    Passes that the store below `out` holds are not measured again; an interrupted run goes on
    where it stopped.
    """
    if not found:
        raise InputError("there is no submission to run; name a submission folder")
    remove_leftovers()
    standing = sampler.standing(bench.device)
    bench = replace(
        bench,
        standing=tuple(pid for pid, idle in standing.items() if idle),
        identity=environment.identity(bench.device, bench.protocol.switches),
        ceiling=ceiling.of_device(bench.device),
    )
    entries = [evaluate(one, bench) for one in _announced(found, bench)]
    # what a generated image costs does not depend on trained weights
    timeable = ("ok", "partial") if bench.protocol.complexity.output else ("ok",)
    contestants = [
        Contestant(entry, one)
        for one, entry in zip(found, entries, strict=True)
        if entry.status in timeable and isinstance(one, Submission)
    ]
    timed: dict[str, Entry] = {}
    made: tuple[Round, ...] = ()
    if bench.protocol.timing.rounds:
        bench.progress.say(_announcement(contestants, bench))
        timed, made = rounds.time(contestants, replace(bench, timing_began=bench.now()))
    entries = [timed.get(entry.slug, entry) for entry in entries]
    if bench.protocol.timing.official_runs:
        entries = _officially_timed(entries, contestants, bench)
    finished = Run(
        schema_version=SCHEMA_VERSION,
        harness_version=harness.__version__,
        protocol=bench.protocol,
        splits=tuple(
            replace(split.info(), pictures=album_of_split(split, bench)) for split in _shown(bench)
        ),
        device=bench.device,
        identity=bench.identity,
        observed=environment.observe(bench.device)
        | ceiling.described(bench.ceiling)
        | _contexts(standing),
        command=command,
        entries=tuple(entries),
        rounds=made,
    )
    save_run(out, finished)
    return finished


def _announcement(contestants: Sequence[Contestant], bench: Bench) -> str:
    """Say how long the timing may take, by a model, and who else holds a context on the GPU."""
    minutes = math.ceil(forecast.timing_s(contestants, bench) / 60)
    most = f", {bench.budget_minutes:g} min at most" if bench.budget_minutes else ""
    entries = f"{bench.protocol.timing.rounds} rounds of {len(contestants)} entries"
    others = f"; idle processes of others on the GPU: {bench.standing}" if bench.standing else ""
    return f"Timing {entries}, about {minutes} min where nothing is stored{most}{others}."


def _contexts(standing: Mapping[int, bool]) -> dict[str, str]:
    """Describe who held a context on the GPU before the run."""
    told = [f"{pid} ({'idle' if idle else 'computing'})" for pid, idle in standing.items()]
    return {"processes_of_others": ", ".join(told)} if told else {}


def _officially_timed(
    entries: Sequence[Entry], contestants: Sequence[Contestant], bench: Bench
) -> list[Entry]:
    """Time those that were timed by the official policy too, to show beside the fair one."""
    timing = bench.protocol.timing
    timing = replace(timing, policy="official", rounds=timing.official_runs, sweeps=1)
    bench = replace(bench, protocol=replace(bench.protocol, timing=timing), budget_minutes=0)
    fair = {entry.slug for entry in entries if entry.timing}
    timed, _ = rounds.time([one for one in contestants if one.entry.slug in fair], bench)
    return [_beside(entry, timed[entry.slug]) if entry.slug in fair else entry for entry in entries]


def _beside(entry: Entry, official: Entry) -> Entry:
    """Add what the official policy gave, or why it gave nothing."""
    if official.failure is None:
        return replace(entry, official=official.timing)
    text = f"the runs of the official policy failed: {official.failure.reason}"
    return replace(entry, flags=entry.flags | {"official-failed": text})


def _shown(bench: Bench) -> Iterator[SplitData]:
    """Yield the splits of the run: the protocol's, and one that was made to be timed."""
    yield from bench.splits
    if bench.protocol.timing.rounds:
        yield from (split for split in timed_splits(bench) if split not in bench.splits)


def _announced(found: Sequence[T], bench: Bench) -> Iterator[T]:
    """Go through `found`, telling the progress which one comes next."""
    for number, one in enumerate(found, 1):
        bench.progress.at(number, len(found))
        yield one
