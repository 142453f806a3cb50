"""Many submissions: each evaluated, then all timed in rounds; none stops the others."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from traceback import format_exc

import harness
from harness.entries.submission import BrokenSubmission, Submission
from harness.errors import InputError
from harness.evaluation import forecast, rounds
from harness.evaluation.bench import Bench, NotStoredError
from harness.evaluation.evaluate import evaluate
from harness.evaluation.executors import Ended, Executor, Serial
from harness.evaluation.scoring import album_of_split
from harness.evaluation.timing import timed_splits
from harness.evaluation.units import Evaluation
from harness.evaluation.visits import Contestant
from harness.images.datasets import SplitData
from harness.records import Entry, Failure, Machine, Round, Run, SplitInfo
from harness.sandbox.staging import remove_leftovers
from harness.store import lock
from harness.store.runs import RESULTS, SCHEMA_VERSION, save_run


def run(
    found: Sequence[Submission | BrokenSubmission],
    bench: Bench,
    out: Path,
    command: str,
    *,
    executor: Executor | None = None,
    tell: Callable[[Run], None] = lambda run: None,
) -> Run:
    """Measure `found` and write `results.json` to `out`, anew after every entry and every round.

    Passes that the store below `out` holds are not measured again; an interrupted run goes on
    where it stopped. Without an `executor` one entry is measured after another, here. `tell` is
    called with the run each time that it was written. Raises RunError where another run works on
    `out`.
    """
    if not found:
        raise InputError("there is no submission to run; name a submission folder")
    with lock.held(out):
        remove_leftovers()
        executor = executor or Serial()
        bench = executor.opened(bench)
        return _measured(found, bench, _Book(out, command, tell), executor)


def _measured(
    found: Sequence[Submission | BrokenSubmission], bench: Bench, book: "_Book", executor: Executor
) -> Run:
    entries = [_pending(one) for one in found]

    def evaluated(number: int, end: Ended) -> None:
        entries[number] = _evaluated(found[number], end, bench)
        done = sum(entry.status != "pending" for entry in entries)
        own = replace(bench, machine=end.machine)
        book.write(own, entries, (), f"{done} of {len(found)} entries are evaluated")

    if not book.has_begun():
        book.write(bench, entries, (), f"0 of {len(found)} entries are evaluated")
    units = [Evaluation(one) for one in found]
    ended = executor.carry_out(units, bench, evaluated)
    entries = [_evaluated(one, end, bench) for one, end in zip(found, ended, strict=True)]
    bench = replace(bench, machine=_usual(ended))
    # what a generated image costs does not depend on trained weights
    timeable = ("ok", "partial") if bench.protocol.complexity.output else ("ok",)
    contestants = [
        Contestant(entry, one)
        for one, entry in zip(found, entries, strict=True)
        if entry.status in timeable and isinstance(one, Submission)
    ]
    made: tuple[Round, ...] = ()
    if bench.protocol.timing.rounds:
        bench = replace(bench, timing_began=bench.now())
        bench.progress.say(_announcement(contestants, bench))

        def round_made(timed: rounds.Timed) -> None:
            done, of = len(timed[1]), bench.protocol.timing.rounds
            text = f"all entries are evaluated, and timed in {done} of {max(done, of)} rounds"
            book.write(bench, [timed[0].get(e.slug, e) for e in entries], timed[1], text)

        timed, made = rounds.time(contestants, bench, executor, round_made)
        entries = [timed.get(entry.slug, entry) for entry in entries]
    if bench.protocol.timing.official_runs:
        entries = _officially_timed(entries, contestants, bench, executor)
    return book.write(bench, entries, made, "")


def _announcement(contestants: Sequence[Contestant], bench: Bench) -> str:
    """Say how long the timing may take, by a model, and who else holds a context on the GPU."""
    minutes = math.ceil(forecast.timing_s(contestants, bench) / 60)
    most = f", {bench.budget_minutes:g} min at most" if bench.budget_minutes else ""
    entries = f"{bench.protocol.timing.rounds} rounds of {len(contestants)} entries"
    others = f"; idle processes of others on the GPU: {bench.standing}" if bench.standing else ""
    return f"Timing {entries}, about {minutes} min where nothing is stored{most}{others}."


class _Book:
    """Writes the run as far as it is, and tells of it."""

    def __init__(self, out: Path, command: str, tell: Callable[[Run], None]) -> None:
        self._out, self._command, self._tell = out, command, tell
        self._splits: tuple[SplitInfo, ...] | None = None

    def has_begun(self) -> bool:
        """Tell whether a run was written here before, which is not to be lost."""
        return (self._out / RESULTS).is_file()

    def write(
        self, bench: Bench, entries: Sequence[Entry], made: tuple[Round, ...], unfinished: str
    ) -> Run:
        """Write `results.json`; `unfinished` says how far the run is, or nothing at its end."""
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
            observed=bench.machine.observed,
            command=self._command,
            entries=tuple(entries),
            rounds=made,
            isolation=bench.jail.level,
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
    entries: Sequence[Entry],
    contestants: Sequence[Contestant],
    bench: Bench,
    executor: Executor,
) -> list[Entry]:
    """Time those that were timed by the official policy too, to show beside the fair one."""
    timing = bench.protocol.timing
    timing = replace(timing, policy="official", rounds=timing.official_runs, sweeps=1)
    bench = replace(bench, protocol=replace(bench.protocol, timing=timing), budget_minutes=0)
    fair = {entry.slug for entry in entries if entry.timing}
    official = [one for one in contestants if one.entry.slug in fair]
    timed, _ = rounds.time(official, bench, executor)
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


def _evaluated(found: Submission | BrokenSubmission, end: Ended, bench: Bench) -> Entry:
    """Look up what an evaluation left in the store; a row of its own where it was lost."""
    bench = replace(bench, machine=end.machine).settled()
    try:
        entry = evaluate(found, bench)
        retried = {"retried": end.retried} if end.retried else {}
        return replace(entry, flags=entry.flags | retried)
    except NotStoredError:
        return _lost(found, Failure("machine", end.lost))
    except InputError:  # of the organiser: it concerns every entry
        raise
    except Exception as error:  # a fault of this program, which it brought to light
        reason = f"the harness could not go on with it: {type(error).__name__}: {error}"
        return replace(_lost(found, Failure("process", reason)), log=format_exc())


def _lost(found: Submission | BrokenSubmission, failure: Failure) -> Entry:
    name = found.manifest.shown_name if isinstance(found, Submission) else found.slug
    return Entry(found.slug, name, status="failed", failure=failure)


def _usual(ended: Sequence[Ended]) -> Machine:
    """Return the machine of the kind that most units were done on: that of the run."""
    kinds = Counter(tuple(sorted(end.machine.identity.items())) for end in ended if not end.lost)
    usual = dict(kinds.most_common(1)[0][0]) if kinds else {}
    same = (end.machine for end in ended if end.machine.identity == usual)
    return next(same, Machine())
