"""A session: rounds in which the same crew is visited. A finished visit is stored at once."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from harness.evaluation.bench import Bench, NotStoredError, result
from harness.evaluation.timing import (
    exchange_ms,
    exchange_pass,
    is_whole,
    time_pass,
    timing_depends,
)
from harness.evaluation.visits import Contestant, Kept, timed
from harness.records import Outcome, Position, Round, Site, Visit
from harness.records.schema import from_table, to_table
from harness.statistics import estimates, runtimes, scrutiny
from harness.worker import devices

REPEATS = 2  # times that a disturbed visit, and a round whose baselines drifted, are made again

T = TypeVar("T")


def common(baseline: Contestant | None, bench: Bench) -> dict[str, object]:
    """Return what all sessions of a bench depend on, whoever is visited."""
    return timing_depends(bench) | {"baseline": baseline.entry.digest if baseline else ""}


class _Attempt(NamedTuple):
    """The visits of one attempt at a round."""

    order: list[Contestant]
    visits: dict[str, list[Kept]]  # by slug
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
        self.measuring, self.site = False, bench.machine.site
        self.stored = False  # whether nothing is left to be played
        self._read: dict[str, Outcome] = {}  # from the store, by key
        self._depends = to_table(common(baseline, bench) | {"session": number, "crew": digests})
        self._longest_s = 0.0  # of the rounds that were made
        self._forget()

    def _forget(self) -> None:
        everyone = [*self.crew, *([self.baseline] if self.baseline else [])]
        self.rounds: list[Round] = []
        self.kept: dict[str, list[Kept]] = {one.entry.slug: [] for one in everyone}
        self.failed: set[str] = set()

    @property
    def controlled(self) -> bool:
        """Tell whether the baseline is among the entries too: the crew's list names it then."""
        return self.baseline is not None and self.baseline.entry.digest in self.digests

    def whole(self) -> bool:
        """Tell whether all that the session was opened for are here, so that it can go on."""
        here = {one.entry.digest for one in self.crew}
        here |= {self.baseline.entry.digest} if self.baseline and self.controlled else set()
        return set(self.digests) == here and not (self.failed and self.bench.retry_failed)

    def lacking(self) -> int:
        """Return how many of the protocol's rounds the store lacks."""
        self._forget()
        of = self.bench.protocol.timing.rounds
        for number in range(of):
            try:
                self._play(number)
            except NotStoredError:
                return of - number
        return 0

    def complete(self) -> bool:
        """Tell whether the store holds every visit of the protocol's rounds."""
        complete = not self.lacking() and not (self.failed and self.bench.retry_failed)
        self.stored = complete and not self.bench.budget_minutes
        return complete

    def finish(self) -> "Session":
        """Play the protocol's rounds, and more to reach the precision where there is a budget.

        No round but the first is begun that a round like those before would take beyond it.
        Raises NotStoredError where a round is not in the store and nothing is to be measured.
        """
        self._forget()
        while self._wanted():
            try:
                self._play(len(self.rounds))
            except NotStoredError:
                if not self.bench.measuring and not (self.rounds and self.bench.budget_minutes):
                    raise
                late = self.bench.left_s() < self._longest_s
                if self.rounds and (late or not self.bench.measuring):
                    break
                self._go(len(self.rounds))
                self.bench.round_made(self)
        return self

    def _wanted(self) -> bool:
        if len(self.rounds) < self.bench.protocol.timing.rounds:
            return True
        return bool(self.bench.budget_minutes) and self.whole() and not self._precise()

    def _go(self, number: int) -> None:
        of = max(number + 1, self.bench.protocol.timing.rounds)
        left_s = min((of - number) * self._longest_s, self.bench.left_s())
        self.bench.progress.at(number + 1, of, left_s or None)
        began_s = self.bench.now()
        self._play(number, measuring=True)
        self._longest_s = max(self._longest_s, self.bench.now() - began_s)

    def _precise(self) -> bool:
        entries = [timed(one, [self], self.bench) for one in [*self.crew, self.baseline] if one]
        found = runtimes.of_entries(entries, self.bench.protocol.timing.policy)
        widths = [runtime.estimate.half_width for runtime in found.values()]
        return all(width is not None and width <= self.bench.precision for width in widths)

    # ------------------------------------------------------------ rounds

    def _play(self, number: int, measuring: bool = False) -> None:
        """Take one round from the store, or play it whole on the card that is here.

        The store names the card that a finished round was played on: what two jobs played at
        once, or one began and another went on with on another card, is never mixed.
        """
        key = self._key({"round": number})
        finished, failed = self.bench.store.get("round", key), set(self.failed)
        try:
            if finished is not None:
                self.site, self.measuring = from_table(Site, finished), False
                self._visit_all(number)
                return
        except NotStoredError:  # visits were removed
            self.failed = failed
        if not measuring:
            raise NotStoredError
        self.site, self.measuring = self.bench.machine.site, True
        self._visit_all(number)
        self.bench.store.put("round", key, to_table(self.site))

    def _visit_all(self, number: int) -> None:
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
        self.rounds.append(Round(self.number, number, slugs, drifts, flagged, self.site))

    def _attempt(self, number: int, attempt: int) -> _Attempt:
        order, visits = self._order(number, attempt), dict[str, list[Kept]]()
        for slug, kept in self._visits(order, number, attempt):
            visits.setdefault(slug, []).append(kept)
        return _Attempt(order, visits, self._drift(visits))

    def _order(self, number: int, attempt: int) -> list[Contestant]:
        """Shuffle those that never failed, in an order that the protocol's seed decides."""
        policy = self.bench.protocol.timing
        crew = [one for one in self.crew if one.entry.slug not in self.failed]
        crew += [self.baseline] if self.baseline and self.controlled else []
        if policy.policy == "official":
            return crew
        draw = random.Random(f"{policy.seed} {self.number} {number} {attempt}")
        return draw.sample(crew, len(crew))

    def _visits(
        self, order: Sequence[Contestant], number: int, attempt: int
    ) -> Iterator[tuple[str, Kept]]:
        plan: list[tuple[Contestant, Position]] = [
            (one, "control" if one is self.baseline else "entry") for one in order
        ]
        if self.baseline:
            plan = [(self.baseline, "start"), *plan, (self.baseline, "end")]
        bracket_mhz: float | None = None
        taken_ms = self._exchange_ms({"round": number, "attempt": attempt})
        for one, place in plan:
            if one.entry.slug in self.failed:
                continue
            outcome, repeats = self._calm_visit(
                one, {"round": number, "attempt": attempt, "place": place}, bracket_mhz
            )
            if outcome.failure:
                self.failed.add(one.entry.slug)
            yield (
                one.entry.slug,
                Kept(self.number, number, place, outcome, repeats, bracket_mhz, taken_ms),
            )
            if place == "start" and outcome.state and outcome.state.sweeps_sm_mhz:
                bracket_mhz = outcome.state.sweeps_sm_mhz.middle

    def _calm_visit(
        self, one: Contestant, position: dict[str, object], bracket_mhz: float | None
    ) -> tuple[Outcome, int]:
        """Visit, again while something disturbs the GPU; `official` takes what comes."""
        official = self.bench.protocol.timing.policy == "official"
        outcomes = _until_calm(
            lambda repeat: self._visit(one, position | {"repeat": repeat}),
            lambda outcome: official or not scrutiny.disturbance(outcome.state, bracket_mhz),
        )
        return outcomes[-1], len(outcomes) - 1

    def _visit(self, one: Contestant, position: dict[str, object]) -> Outcome:
        key = self._key({"submission": one.entry.digest, "card": self.site.card} | position)
        return self._stored(
            key,
            lambda: time_pass(one.submission, self.bench, one.entry),
            lambda outcome: is_whole(outcome, self.bench),
        )

    def _exchange_ms(self, position: dict[str, object]) -> dict[str, tuple[float, ...]]:
        """Return what the exchange takes, by LR size; nothing where times are scripted."""
        if devices.kind(self.bench.device).scripted:
            return {}
        key = self._key({"exchange": self.site.card} | position)
        outcome = self._stored(key, lambda: exchange_pass(self.bench), lambda outcome: True)
        return exchange_ms(outcome, self.bench)

    def _stored(
        self, key: str, make: Callable[[], Outcome], whole: Callable[[Outcome], bool]
    ) -> Outcome:
        """Return a visit's outcome from the store, or make it and store it."""
        outcome = self._read.get(key) or self.bench.kept("time", key)
        if outcome and whole(outcome):
            self._read[key] = outcome  # rounds are played twice: to see if they are there, and then
            return outcome
        if not self.measuring:
            raise NotStoredError
        outcome = make()
        self.bench.store.put("time", key, to_table(outcome))
        return outcome

    def _key(self, part: dict[str, object]) -> str:
        return self.bench.store.key("time", self._depends | part)

    def _drift(self, visits: Mapping[str, Sequence[Kept]]) -> float | None:
        if self.baseline is None or self.baseline.entry.slug in self.failed:
            return None
        kept = visits[self.baseline.entry.slug]
        start, end = (result(Visit, one.outcome) for one in kept if one.place != "control")
        assert start and end
        return estimates.visit_ms(end.samples_ms) / estimates.visit_ms(start.samples_ms) - 1
