"""Many submissions: each evaluated, then all timed in rounds; none stops the others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import harness
from harness.entries.submission import BrokenSubmission, Submission
from harness.errors import InputError
from harness.evaluation import rounds
from harness.evaluation.bench import Bench
from harness.evaluation.evaluate import evaluate
from harness.evaluation.scoring import album_of_split
from harness.evaluation.session import Contestant
from harness.evaluation.timing import timed_splits
from harness.images.datasets import SplitData
from harness.machines import ceiling, environment
from harness.records import Entry, Failure, Round, Run, SplitInfo
from harness.sandbox.staging import remove_leftovers
from harness.store.runs import SCHEMA_VERSION, save_run


def run(
    found: Sequence[Submission | BrokenSubmission],
    bench: Bench,
    out: Path,
    command: str,
    tell: Callable[[Run], None] = lambda run: None,
) -> Run:
    """Measure `found` and write `results.json` to `out`, anew after every entry and every round.

    Passes that the store below `out` holds are not measured again; an interrupted run goes on
    where it stopped. `tell` is called with the run each time that it was written.
    """
    if not found:
        raise InputError("there is no submission to run; name a submission folder")
    remove_leftovers()
    bench = replace(
        bench,
        identity=environment.identity(bench.device, bench.protocol.switches),
        ceiling=ceiling.of_device(bench.device),
    )
    book = _Book(bench, out, command, tell)
    entries = [_pending(one) for one in found]
    for index, one in enumerate(found):
        book.write(entries, (), f"{index} of {len(found)} entries are evaluated")
        bench.progress.at(index + 1, len(found))
        entries[index] = evaluate(one, bench)
    # what a generated image costs does not depend on trained weights
    timeable = ("ok", "partial") if bench.protocol.complexity.output else ("ok",)
    contestants = [
        Contestant(entry, one)
        for one, entry in zip(found, entries, strict=True)
        if entry.status in timeable and isinstance(one, Submission)
    ]
    made: tuple[Round, ...] = ()
    if bench.protocol.timing.rounds:
        book.write(entries, (), "all entries are evaluated, none is timed")

        def round_made(timed: rounds.Timed) -> None:
            done, of = len(timed[1]), bench.protocol.timing.rounds
            text = f"all entries are evaluated, and timed in {done} of {max(done, of)} rounds"
            book.write([timed[0].get(e.slug, e) for e in entries], timed[1], text)

        bench = replace(bench, timing_began=bench.now())
        timed, made = rounds.time(contestants, bench, round_made)
        entries = [timed.get(entry.slug, entry) for entry in entries]
    if bench.protocol.timing.official_runs:
        entries = _officially_timed(entries, contestants, bench)
    return book.write(entries, made, "")


class _Book:
    """Writes the run as far as it is, and tells of it."""

    def __init__(self, bench: Bench, out: Path, command: str, tell: Callable[[Run], None]) -> None:
        self._bench, self._out, self._command, self._tell = bench, out, command, tell
        self._splits: tuple[SplitInfo, ...] | None = None

    def write(self, entries: Sequence[Entry], made: tuple[Round, ...], unfinished: str) -> Run:
        """Write `results.json`; `unfinished` says how far the run is, or nothing at its end."""
        bench = self._bench
        self._splits = self._splits or tuple(
            replace(split.info(), pictures=album_of_split(split, bench)) for split in _shown(bench)
        )
        run = Run(
            schema_version=SCHEMA_VERSION,
            harness_version=harness.__version__,
            protocol=bench.protocol,
            splits=self._splits,
            device=bench.device,
            identity=bench.identity,
            observed=environment.observe(bench.device) | ceiling.described(bench.ceiling),
            command=self._command,
            entries=tuple(entries),
            rounds=made,
            unfinished=unfinished,
        )
        save_run(self._out, run)
        self._tell(run)
        return run


def _pending(found: Submission | BrokenSubmission) -> Entry:
    """Return the entry of a submission that nothing was measured of yet."""
    failure = Failure("pending", "not measured yet")
    if isinstance(found, BrokenSubmission):
        return Entry(found.slug, found.name or found.slug, found.id, "", "pending", failure=failure)
    manifest = found.manifest
    return Entry(
        found.slug, manifest.shown_name, manifest.id, manifest.team, "pending", failure=failure
    )


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
