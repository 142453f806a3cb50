"""A session: rounds in which the same crew is visited. A finished visit is stored at once."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from harness.entries.submission import Submission
from harness.evaluation.bench import Bench, result, with_outcome
from harness.evaluation.timing import time_pass, timed_splits, timing_depends
from harness.records import Entry, Outcome, Position, Round, RoundVisit, Timing, Visit
from harness.records.schema import from_table, to_table
from harness.statistics import estimates, runtimes, scrutiny

REPEATS = 2  # times that a disturbed visit, and a round whose baselines drifted, are made again

T = TypeVar("T")


@dataclass(frozen=True)
class Contestant:
    """An entry that restored its images, and the files to visit it with."""

    entry: Entry
    submission: Submission


def timed(one: Contestant, sessions: Sequence["Session"], bench: Bench) -> Entry:
    """Put the visits of an entry together; it fails with the first visit that failed."""
    entry, visits = one.entry, []
    for session in sessions:
        for place, number, outcome, repeats in session.kept[entry.slug]:
            entry = with_outcome(entry, outcome)
            visit = result(Visit, outcome)
            if visit is None:
                return entry
            entry = replace(entry, flags=visit.flags | entry.flags | _differing(entry, visit))
            visits.append(RoundVisit(session.number, number, place, visit, outcome.state, repeats))
    found = scrutiny.of_visits(entry, visits, _circumstances(bench))
    return replace(entry, timing=Timing(tuple(visits)), flags=entry.flags | found)


def _circumstances(bench: Bench) -> scrutiny.Circumstances:
    protocol = bench.protocol
    sizes = {
        split.name: [(pair.lr.height, pair.lr.width) for pair in split.pairs]
        for split in timed_splits(bench)
    }
    return scrutiny.Circumstances(
        protocol.timing.noise, protocol.cost_size, protocol.scale, sizes, bench.ceiling
    )


def _differing(entry: Entry, visit: Visit) -> dict[str, str]:
    """Compare the SR images of timed calls with those that were scored."""
    different = images = 0
    for split, digests in visit.digests.items():
        scored = [score.sr_digest for score in entry.scores if score.split == split]
        if scored:
            images += len(scored)
            different += sum(a != b for a, b in zip(scored, digests, strict=True))
    if not different:
        return {}
    text = f"timed calls gave other SR images than those scored, {different} of {images}"
    return {"nondeterministic": text}


def common(baseline: Contestant | None, bench: Bench) -> dict[str, object]:
    """Return what all sessions of a bench depend on, whoever is visited."""
    return timing_depends(bench) | {"baseline": baseline.entry.digest if baseline else ""}


class _NotStoredError(Exception):
    """A visit is not in the store, and is not to be made."""


class _Kept(NamedTuple):
    """A visit that counts."""

    place: Position
    round: int
    outcome: Outcome
    repeats: int  # times that it was made again


class _Attempt(NamedTuple):
    """The visits of one attempt at a round."""

    order: list[Contestant]
    visits: dict[str, list[_Kept]]  # by slug
    drift: float | None  # of its brackets


def _until_calm(make: Callable[[int], T], calm: Callable[[T], bool]) -> list[T]:
    """Make something, again while it is disturbed: at most twice more. Return all that was made."""
    made = [make(0)]
    while len(made) <= REPEATS and not calm(made[-1]):
        made.append(make(len(made)))
    return made


class Session:
    """Rounds in which the same crew was, or is to be, visited."""

    def __init__(
        self,
        number: int,
        digests: Sequence[str],
        crew: Sequence[Contestant],
        baseline: Contestant | None,
        bench: Bench,
    ) -> None:
        self.number, self.digests, self.crew, self.baseline = number, digests, crew, baseline
        self.bench = bench
        self.measuring = False
        self._forget()

    def _forget(self) -> None:
        everyone = [*self.crew, *([self.baseline] if self.baseline else [])]
        self.rounds: list[Round] = []
        self.kept: dict[str, list[_Kept]] = {one.entry.slug: [] for one in everyone}
        self.failed: set[str] = set()

    def whole(self) -> bool:
        """Tell whether all that the session was opened for are here, so that it can go on."""
        return set(self.digests) == {one.entry.digest for one in self.crew} and not (
            self.failed and self.bench.retry_failed
        )

    def complete(self) -> bool:
        """Tell whether the store holds every visit of the protocol's rounds."""
        self._forget()
        try:
            for number in range(self.bench.protocol.timing.rounds):
                self._play(number)
        except _NotStoredError:
            return False
        return not (self.failed and self.bench.retry_failed)

    def finish(self, tell: Callable[["Session"], None] = lambda session: None) -> "Session":
        """Play the protocol's rounds, and those that the budget allows to reach the precision.

        `tell` is called with the session after every round.
        """
        self._forget()
        for number in range(self.bench.protocol.timing.rounds):
            self._go(number, self.bench.protocol.timing.rounds)
            tell(self)
        while self.bench.budget_minutes and self.whole() and not self._precise():
            number = len(self.rounds)
            try:
                self._play(number)
            except _NotStoredError:
                if not self.bench.in_budget():
                    break
                self._go(number, number + 1)
            tell(self)
        return self

    def _go(self, number: int, of: int) -> None:
        self.bench.progress.at(number + 1, of)
        self.measuring = True
        try:
            self._play(number)
        finally:
            self.measuring = False

    def _precise(self) -> bool:
        entries = [timed(one, [self], self.bench) for one in [*self.crew, self.baseline] if one]
        found = runtimes.of_entries(entries, self.bench.protocol.timing.policy)
        widths = [runtime.estimate.half_width for runtime in found.values()]
        return all(width is not None and width <= self.bench.precision for width in widths)

    # ------------------------------------------------------------ rounds

    def _play(self, number: int) -> None:
        """Make the visits of one round, again while its baselines drift apart."""
        bound = self.bench.protocol.timing.drift
        attempts = _until_calm(
            lambda attempt: self._attempt(number, attempt),
            lambda attempt: abs(attempt.drift or 0.0) <= bound,
        )
        visits = {slug: kept for attempt in attempts for slug, kept in attempt.visits.items()}
        for slug, kept in visits.items():
            self.kept[slug] += kept
        drifts = tuple(attempt.drift for attempt in attempts if attempt.drift is not None)
        flagged = bool(drifts) and abs(drifts[-1]) > bound
        slugs = tuple(one.entry.slug for one in attempts[-1].order)
        self.rounds.append(Round(self.number, number, slugs, drifts, flagged))

    def _attempt(self, number: int, attempt: int) -> _Attempt:
        order, visits = self._order(number, attempt), dict[str, list[_Kept]]()
        for slug, kept in self._visits(order, number, attempt):
            visits.setdefault(slug, []).append(kept)
        return _Attempt(order, visits, self._drift(visits))

    def _order(self, number: int, attempt: int) -> list[Contestant]:
        """Shuffle those that never failed, in an order that the protocol's seed decides."""
        policy = self.bench.protocol.timing
        crew = [one for one in self.crew if one.entry.slug not in self.failed]
        if policy.policy == "official":
            return crew
        draw = random.Random(f"{policy.seed} {self.number} {number} {attempt}")
        return draw.sample(crew, len(crew))

    def _visits(
        self, order: Sequence[Contestant], number: int, attempt: int
    ) -> Iterator[tuple[str, _Kept]]:
        plan: list[tuple[Contestant, Position]] = [(one, "entry") for one in order]
        if self.baseline:
            plan = [(self.baseline, "start"), *plan, (self.baseline, "end")]
        for one, place in plan:
            if one.entry.slug in self.failed:
                continue
            outcome, repeats = self._calm_visit(
                one, {"round": number, "attempt": attempt, "place": place}
            )
            if outcome.failure:
                self.failed.add(one.entry.slug)
            yield one.entry.slug, _Kept(place, number, outcome, repeats)

    def _calm_visit(self, one: Contestant, position: dict[str, object]) -> tuple[Outcome, int]:
        """Visit, again while something disturbs the GPU; `official` takes what comes."""
        official = self.bench.protocol.timing.policy == "official"
        outcomes = _until_calm(
            lambda repeat: self._visit(one, position | {"repeat": repeat}),
            lambda outcome: official or not scrutiny.disturbance(outcome.state),
        )
        return outcomes[-1], len(outcomes) - 1

    def _visit(self, one: Contestant, position: dict[str, object]) -> Outcome:
        """Return a visit's outcome from the store, or make it and store it."""
        bench = self.bench
        session = {"session": self.number, "crew": self.digests, "submission": one.entry.digest}
        key = bench.store.key("time", common(self.baseline, bench) | session | position)
        content = bench.store.get("time", key)
        if content is not None:
            return from_table(Outcome, content)
        if not self.measuring:
            raise _NotStoredError
        outcome = time_pass(one.submission, bench)
        bench.store.put("time", key, to_table(outcome))
        return outcome

    def _drift(self, visits: Mapping[str, Sequence[_Kept]]) -> float | None:
        if self.baseline is None or self.baseline.entry.slug in self.failed:
            return None
        start, end = (result(Visit, kept.outcome) for kept in visits[self.baseline.entry.slug])
        assert start and end
        return estimates.visit_ms(end.samples_ms) / estimates.visit_ms(start.samples_ms) - 1
