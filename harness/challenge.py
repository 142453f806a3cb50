"""Many submissions: each evaluated, then all of them timed; none stops the others."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import harness
from harness import environment
from harness.bench import Bench
from harness.errors import InputError
from harness.evaluate import evaluate, time
from harness.records import Entry, Run
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
    entries = [
        _timed(one, entry, bench)
        for one, entry in zip(_announced(found, bench), entries, strict=True)
    ]
    finished = Run(
        schema_version=SCHEMA_VERSION,
        harness_version=harness.__version__,
        protocol=bench.protocol,
        splits=tuple(split.info() for split in bench.splits),
        device=bench.device,
        identity=bench.identity,
        observed=environment.observe(bench.device),
        command=command,
        entries=tuple(entries),
    )
    save_run(out, finished)
    return finished


def _announced(found: Sequence[T], bench: Bench) -> Iterator[T]:
    """Go through `found`, telling the progress which one comes next."""
    for number, one in enumerate(found, 1):
        bench.progress.at(number, len(found))
        yield one


def _timed(submission: Submission | BrokenSubmission, entry: Entry, bench: Bench) -> Entry:
    if entry.status != "ok" or isinstance(submission, BrokenSubmission):
        return entry
    return time(entry, submission, bench)
