"""What one job does whole: the evaluation of an entry, or a session of timing on one device.

A unit leaves its results in the store, and nothing else. Done twice, by two jobs at once or after
one that was killed, it leaves the same.
"""

from dataclasses import dataclass
from typing import ClassVar

from harness.entries.submission import BrokenSubmission, Submission
from harness.errors import InputError
from harness.evaluation import evaluate
from harness.evaluation.bench import Bench
from harness.evaluation.session import Session, common
from harness.evaluation.visits import Contestant


@dataclass(frozen=True)
class Evaluation:
    """One submission inspected, restored and scored."""

    submission: Submission | BrokenSubmission
    timed: ClassVar[bool] = False

    def measure(self, bench: Bench) -> str:
        """Take the submission through the passes that the store lacks.

        Returns why it was lost, where a fault of this program that it brought to light ended it;
        the others go on.
        """
        try:
            evaluate.evaluate(self.submission, bench)
        except InputError:  # of the organiser: it concerns every entry
            raise
        except Exception as error:
            return f"the harness could not go on with it: {type(error).__name__}: {error}"
        return ""

    def key(self, bench: Bench) -> str:
        """Return what names the unit in the store; empty where nothing is to be measured."""
        if isinstance(self.submission, BrokenSubmission):
            return ""
        return evaluate.key(self.submission, bench)

    def failed(self, bench: Bench) -> bool:
        """Tell whether a finished unit is one of those that are to be tried again."""
        return evaluate.evaluate(self.submission, bench.settled()).status == "failed"


@dataclass(frozen=True)
class Play:
    """One session of timing: its number, the digests that it was opened for, and who is here."""

    number: int
    digests: tuple[str, ...]
    crew: tuple[Contestant, ...]
    baseline: Contestant | None
    timed: ClassVar[bool] = True

    def session(self, bench: Bench) -> Session:
        """Return the session on a bench."""
        return Session(self.number, list(self.digests), self.crew, self.baseline, bench)

    def measure(self, bench: Bench) -> str:
        """Play the rounds that the store lacks, whole on the device of `bench`."""
        self.session(bench).finish()
        return ""

    def key(self, bench: Bench) -> str:
        """Return what names the unit in the store."""
        asked = {
            "session": self.number,
            "crew": self.digests,
            "here": [one.entry.digest for one in self.crew],
            "rounds": bench.protocol.timing.rounds,
            "precision": bench.precision if bench.budget_minutes else None,
        }
        return bench.store.key("time", common(self.baseline, bench) | asked)

    def failed(self, bench: Bench) -> bool:
        """Tell that it is not: entries that failed open a session of their own."""
        return False


Unit = Evaluation | Play
