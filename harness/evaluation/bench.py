"""What the evaluations of a run share, and how one pass is run or taken from the store."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from harness.entries.submission import Submission
from harness.evaluation import building
from harness.images.datasets import SplitData
from harness.machines import local
from harness.records import (
    Build,
    Ceiling,
    Entry,
    Inspection,
    Job,
    Machine,
    Outcome,
    PassName,
    Restoration,
    Study,
    Visit,
)
from harness.records import Protocol as ChallengeProtocol
from harness.records.schema import SchemaError, from_table, to_table
from harness.sandbox import jail as jails
from harness.sandbox.jail import Jail
from harness.sandbox.process import Drive
from harness.store.files import write_whole
from harness.store.passes import Store

T = TypeVar("T")
_STORED: dict[str, type[Any]] = {
    "build": Build,
    "inspect": Inspection,
    "restore": Restoration,
    "time": Visit,
}


class Progress(Protocol):
    """Who is told how far the work is."""

    def at(self, number: int, of: int, left_s: float | None = None) -> None:
        """Say which entry or round comes next, and how long all may still take."""

    def say(self, line: str) -> None:
        """Say something that is to be read now."""

    def begin(self, entry: str, stage: str, images: int) -> None:
        """Start a stage of an entry with this many images."""

    def advance(self, done: int) -> None:
        """Say how many images of the stage are done."""


class NotStoredError(Exception):
    """A pass is not in the store, and is not to be run."""


def unheard(_: object) -> None:
    """Hear of a round, where nobody does."""


@dataclass(frozen=True)
class Bench:
    """What the evaluations of a run share."""

    protocol: ChallengeProtocol
    splits: tuple[SplitData, ...]
    device: str
    store: Store
    progress: Progress
    time_limit: float = 600.0  # seconds per pass
    retry_failed: bool = False
    fresh: bool = False
    budget_minutes: float = 0.0  # of timing, at most; 0 makes the protocol's rounds and no more
    keep_sr: Path | None = None  # folder for whole SR images, which are deleted otherwise
    precision: float = 0.005  # half width of runtime's interval at which no round is added
    now: Callable[[], float] = time.monotonic  # seconds
    timing_began: float = 0.0  # by `now`
    jail: Jail = field(default_factory=jails.chosen)  # around every pass
    machine: Machine = field(default_factory=Machine)  # that work is done on
    measuring: bool = True  # whether what the store lacks is measured
    round_made: Callable[[Any], None] = unheard  # called with a session after each of its rounds

    @property
    def identity(self) -> dict[str, str]:
        """Return what results on the machine depend on."""
        return self.machine.identity

    @property
    def ceiling(self) -> Ceiling:
        """Return what the device can do at most."""
        return self.machine.ceiling

    @property
    def standing(self) -> tuple[int, ...]:
        """Return the processes of others that hold an idle context on the GPU."""
        return self.machine.standing

    def settled(self) -> "Bench":
        """Return this bench for looking up what is in the store, as it is."""
        return replace(self, measuring=False, fresh=False, retry_failed=False)

    def run(
        self,
        pass_name: PassName,
        submission: Submission,
        drive: Drive | None = None,
        total: int = 0,
        *,
        study: Study | None = None,
        twin: bool = False,
    ) -> Outcome:
        """Run a pass of `submission` in a fresh process, whatever the store holds.

        `drive` has its images restored; `total` is how many calls progress counts. `twin` loads the
        twin for the counters in the network's place.
        Raises NotStoredError where nothing is to be measured.
        """
        if building.wanted(submission.manifest, self.device):
            outcome, submission = self.built(submission)
            if outcome.failure:
                return outcome
        return self._run(pass_name, submission, drive, total, study=study, twin=twin)

    def built(self, submission: Submission) -> tuple[Outcome, Submission]:
        """Build what a submission brings to be compiled, once; return it with what was made.

        A good build of the store is taken whatever is to be measured again.
        """
        key = self.store.key("build", building.depends(submission, self.machine))
        product = self.store.album("build", key)
        outcome = self.kept("build", key)
        again = self.fresh or self.retry_failed
        good = outcome and (product.is_file() if outcome.failure is None else not again)
        if outcome is None or not good:
            outcome = self._run(
                "build",
                building.sources(submission),
                built=lambda made: write_whole(product, lambda stream: stream.write(made)),
            )
            self.store.put("build", key, to_table(outcome))
        return outcome, building.with_product(submission, product)

    def _run(
        self,
        pass_name: PassName,
        submission: Submission,
        drive: Drive | None = None,
        total: int = 0,
        *,
        study: Study | None = None,
        twin: bool = False,
        built: Callable[[bytes], None] = lambda product: None,
    ) -> Outcome:
        if not self.measuring:
            raise NotStoredError
        protocol = self.protocol
        stage = f"{pass_name}, {study.variant}" if study else pass_name
        self.progress.begin(submission.manifest.shown_name, stage, total)
        job = Job(
            pass_name,
            submission.manifest,
            folder="",
            device=self.device,
            switches=protocol.switches,
            input_size=protocol.cost_size,
            study=study or Study(),
            twin=twin,
        )
        return local.run(
            job,
            submission,
            drive,
            jail=self.jail,
            time_limit=self.time_limit,
            standing=self.standing,
            built=built,
        )

    def left_s(self) -> float:
        """Return the seconds of timing that the budget leaves."""
        if not self.budget_minutes:
            return math.inf
        return 60 * self.budget_minutes - (self.now() - self.timing_began)

    def stored(self, pass_name: PassName, key: str, run: Callable[[], Outcome]) -> Outcome:
        """Return the stored outcome of a pass, or run it and store what it left."""
        outcome = self.look_up(pass_name, key)
        if outcome is None:
            outcome = run()
            self.store.put(pass_name, key, to_table(outcome))
        return outcome

    def look_up(self, pass_name: PassName, key: str) -> Outcome | None:
        """Return the stored outcome of a pass, unless it is to be measured again."""
        outcome = None if self.fresh else self.kept(pass_name, key)
        return None if outcome and outcome.failure and self.retry_failed else outcome

    def kept(self, pass_name: PassName, key: str) -> Outcome | None:
        """Return what the store holds of a pass; None where that cannot be read as one."""
        content = self.store.get(pass_name, key)
        try:
            outcome = from_table(Outcome, content)
            result(_STORED[pass_name], outcome)
        except SchemaError:
            return None
        return outcome


def with_outcome(entry: Entry, outcome: Outcome, **measured: Any) -> Entry:
    """Add what a pass left: its results, its log, its failure."""
    flags = dict(entry.flags)
    if outcome.switches_changed:
        flags["switches-changed"] = (
            f"the entry changed {', '.join(outcome.switches_changed)}; the harness set it back"
        )
    return replace(
        entry,
        status="failed" if outcome.failure else entry.status,
        failure=outcome.failure or entry.failure,
        flags=flags,
        log=outcome.log or entry.log,
        **measured,
    )


def result(record: type[T], outcome: Outcome) -> T | None:
    """Read the result of a pass; None where it failed."""
    return None if outcome.failure else from_table(record, outcome.result)
