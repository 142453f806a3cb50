"""What one job does whole: the evaluation of an entry, or a session of timing on one device.

A unit leaves its results in the store, and nothing else. Done twice, by two jobs at once or after
one that was killed, it leaves the same.
"""

from dataclasses import dataclass
from typing import ClassVar

from harness.entries.submission import BrokenSubmission, Submission
from harness.errors import InputError
from harness.evaluation.bench import Bench
from harness.evaluation.evaluate import evaluate
from harness.evaluation.session import Contestant, Session


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
            evaluate(self.submission, bench)
        except InputError:  # of the organiser: it concerns every entry
            raise
        except Exception as error:
            return f"the harness could not go on with it: {type(error).__name__}: {error}"
        return ""


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


Unit = Evaluation | Play
