"""What a run would measure, what its store has, and how long the rest may take."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.entries.submission import BrokenSubmission, Submission
from harness.evaluation import forecast, rounds
from harness.evaluation.bench import Bench
from harness.evaluation.challenge import contestants_of
from harness.evaluation.evaluate import Lacking, lacking
from harness.evaluation.executors import Executor, Serial
from harness.evaluation.session import Session


@dataclass(frozen=True)
class Outlook:
    """What is lacking of a run."""

    entries: tuple[Lacking, ...]
    sessions: tuple[tuple[Session, int], ...]  # with the rounds that are not stored
    evaluation_s: float  # one entry after another, by a model
    timing_s: float


def outlook(
    found: Sequence[Submission | BrokenSubmission], bench: Bench, executor: Executor | None = None
) -> Outlook:
    """Look what a run would measure; nothing is measured, and nothing written."""
    executor = executor or Serial()
    bench = executor.opened(bench)
    entries = tuple(lacking(one, bench) for one in found)
    sessions: list[tuple[Session, int]] = []
    if bench.protocol.timing.rounds:
        contestants = contestants_of(found, [one.entry for one in entries], bench)
        sessions = rounds.left(contestants, bench, executor.crews)
    return Outlook(
        entries,
        tuple(sessions),
        sum(_evaluation_s(one, bench) for one in entries),
        forecast.timing_s(sessions, bench),
    )


def _evaluation_s(one: Lacking, bench: Bench) -> float:
    seconds = forecast.inspection_s(one.entry, bench) if one.inspection else 0.0
    if one.splits:
        seconds += forecast.restoration_s(one.entry, one.splits, bench)
    return seconds
