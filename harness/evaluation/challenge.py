"""Many submissions: each evaluated, then all timed in rounds; none stops the others."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from traceback import format_exc

from harness.entries.submission import BrokenSubmission, Submission
from harness.errors import InputError
from harness.evaluation import forecast, rounds
from harness.evaluation.bench import Bench, NotStoredError
from harness.evaluation.book import Book
from harness.evaluation.countdown import about
from harness.evaluation.evaluate import evaluate
from harness.evaluation.executors import Ended, Executor, Serial
from harness.evaluation.session import Session
from harness.evaluation.units import Evaluation
from harness.evaluation.visits import Contestant
from harness.records import Entry, Failure, Machine, Round, Run
from harness.sandbox.staging import remove_leftovers
from harness.store import lock


def run(
    found: Sequence[Submission | BrokenSubmission],
    bench: Bench,
    out: Path,
    command: str,
    *,
    executor: Executor | None = None,
    tell: Callable[[Run], None] = lambda run: None,
) -> Run:
    """Measure `found` and write `results.json` to `out`, anew after entries and rounds.

    Passes that the store below `out` holds are not measured again; an interrupted run goes on
    where it stopped. Without an `executor` one entry is measured after another, here. `tell` is
    called with the run each time that it was written. Raises RunError where another run works on
    `out`.
    """
    if not found:
        raise InputError("there is no submission to run; name a submission folder")
    with lock.held(out, bench.progress.say):
        remove_leftovers()
        executor = executor or Serial()
        bench = executor.opened(bench)
        book = Book(out, command, tell, bench.now)
        try:
            return _measured(found, bench, book, executor)
        finally:
            book.catch_up()


def _measured(
    found: Sequence[Submission | BrokenSubmission], bench: Bench, book: Book, executor: Executor
) -> Run:
    book.begin(bench)
    entries = [_stored(one, bench) or _pending(one) for one in found]
    # what the store holds is not touched, nor a finished run written again for it
    open_ = [number for number, entry in enumerate(entries) if entry.status == "pending"]

    def evaluated(number: int, end: Ended) -> None:
        entries[open_[number]] = _evaluated(found[open_[number]], end, bench)
        book.note(entries[open_[number]], bench.protocol)
        own = replace(bench, machine=end.machine)
        book.write(own, entries, (), _so_far(entries, bench))

    for entry in entries:
        if entry.status != "pending":
            book.note(entry, bench.protocol)
    if not book.has_begun():
        book.write(bench, entries, (), _so_far(entries, bench))
    ended = executor.carry_out([Evaluation(found[number]) for number in open_], bench, evaluated)
    stored = [Ended(bench.machine)] * (len(found) - len(open_))
    bench = replace(bench, machine=_usual([*ended, *stored]) or bench.machine)
    contestants = contestants_of(found, entries, bench)
    made: tuple[Round, ...] = ()
    if bench.protocol.timing.rounds:
        bench = replace(bench, timing_began=bench.now())
        left = rounds.left(contestants, bench, executor.crews)
        if said := _announcement(left, bench, executor.crews):
            bench.progress.say(said)

        def round_made(timed: rounds.Timed) -> None:
            text = _so_far(entries, bench, len(timed[1]))
            book.write(bench, [timed[0].get(e.slug, e) for e in entries], timed[1], text)

        timed, made = rounds.time(contestants, bench, executor, round_made)
        entries = [timed.get(entry.slug, entry) for entry in entries]
    if bench.protocol.timing.official_runs:
        entries = _officially_timed(entries, contestants, bench, executor)
    return book.finish(bench, entries, made)


def _so_far(entries: Sequence[Entry], bench: Bench, rounds_made: int = 0) -> str:
    """Say how far a run has come."""
    done = sum(entry.status != "pending" for entry in entries)
    if done < len(entries):
        return f"{done} of {len(entries)} entries are evaluated"
    of = max(rounds_made, bench.protocol.timing.rounds)
    timed = f", and timed in {rounds_made} of {of} rounds" if of else ""
    return f"all entries are evaluated{timed}"


def contestants_of(
    found: Sequence[Submission | BrokenSubmission], entries: Sequence[Entry], bench: Bench
) -> list[Contestant]:
    """Return those that are timed, of entries that are evaluated or are yet to be."""
    # what a generated image costs does not depend on trained weights
    timeable = ("ok", "partial") if bench.protocol.complexity.output else ("ok",)
    return [
        Contestant(entry, one)
        for one, entry in zip(found, entries, strict=True)
        if entry.status in timeable and isinstance(one, Submission)
    ]


def _announcement(left: Sequence[tuple[Session, int]], bench: Bench, crews: int) -> str:
    """Say how long the timing may take, by a model, and who else holds a context on the GPU."""
    left = [(session, lacking) for session, lacking in left if lacking]
    if not left:
        return ""
    entries = sum(len(session.crew) + bool(session.baseline) for session, _ in left)
    rounds = max(lacking for _, lacking in left)
    takes = about(forecast.timing_s(left, bench) / min(crews, len(left)))
    most = f", {bench.budget_minutes:g} min at most" if bench.budget_minutes else ""
    others = f"; idle processes of others on the GPU: {bench.standing}" if bench.standing else ""
    return f"Timing {rounds} rounds of {entries} entries, {takes}{most}{others}."


def _stored(found: Submission | BrokenSubmission, bench: Bench) -> Entry | None:
    """Return an entry that the store holds whole; None where something is to be measured."""
    try:
        return evaluate(found, replace(bench, measuring=False))
    except InputError:  # of the organiser: it concerns every entry
        raise
    except Exception:  # its evaluation meets it again, and says so
        return None


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


def _usual(ended: Sequence[Ended]) -> Machine | None:
    """Return the machine of the kind that most units were done on; None where all were lost."""
    kinds = Counter(tuple(sorted(end.machine.identity.items())) for end in ended if not end.lost)
    if not kinds:
        return None
    usual = dict(kinds.most_common(1)[0][0])
    return next(end.machine for end in ended if end.machine.identity == usual)
