"""Many submissions: each evaluated, then all timed in rounds; none stops the others."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import harness
from harness import environment, rounds
from harness.bench import Bench
from harness.errors import InputError
from harness.evaluate import evaluate
from harness.records import Run
from harness.rounds import Contestant
from harness.scoring import album_of_split
from harness.staging import remove_leftovers
from harness.store import SCHEMA_VERSION, save_run
from harness.submission import BrokenSubmission, Submission

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
    bench = replace(bench, identity=environment.identity(bench.device, bench.protocol.switches))
    entries = [evaluate(one, bench) for one in _announced(found, bench)]
    contestants = [
        Contestant(entry, one)
        for one, entry in zip(found, entries, strict=True)
        if entry.status == "ok" and isinstance(one, Submission)
    ]
    timed, made = rounds.time(contestants, replace(bench, timing_began=bench.now()))
    entries = [timed.get(entry.slug, entry) for entry in entries]
    finished = Run(
        schema_version=SCHEMA_VERSION,
        harness_version=harness.__version__,
        protocol=bench.protocol,
        splits=tuple(
            replace(split.info(), pictures=album_of_split(split, bench)) for split in bench.splits
        ),
        device=bench.device,
        identity=bench.identity,
        observed=environment.observe(bench.device),
        command=command,
        entries=tuple(entries),
        rounds=made,
    )
    save_run(out, finished)
    return finished


def _announced(found: Sequence[T], bench: Bench) -> Iterator[T]:
    """Go through `found`, telling the progress which one comes next."""
    for number, one in enumerate(found, 1):
        bench.progress.at(number, len(found))
        yield one
