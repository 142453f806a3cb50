"""Timing in rounds: who is visited when. A finished visit is stored at once."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness import evaluate, runtimes, statistics
from harness.bench import Bench, result
from harness.records import Entry, Outcome, Position, Round, RoundVisit, Timing, Visit
from harness.schema import from_table, to_table
from harness.submission import Submission

REPEATS = 2  # times that a round whose baselines drifted apart is measured again


@dataclass(frozen=True)
class Contestant:
    """An entry that restored its images, and the files to visit it with."""

    entry: Entry
    submission: Submission


def time(
    contestants: Sequence[Contestant], bench: Bench
) -> tuple[dict[str, Entry], tuple[Round, ...]]:
    """Time all contestants in rounds; return their entries by slug, and the rounds.

    The protocol's baseline brackets every round where it is among them. Rounds belong to a
    session. The store names the sessions that were opened on this bench; entries that none of
    them serves whole open the next one.
    """
    baseline = _baseline(contestants, bench)
    crew = [one for one in contestants if one is not baseline]
    sessions = list(_sessions(crew, baseline, bench)) if contestants else []
    entries = {}
    for one in contestants:
        served = [session for session in sessions if one is baseline or one in session.crew]
        entries[one.entry.slug] = _timed(one, served)
    return entries, tuple(done for session in sessions for done in session.rounds)


def _baseline(contestants: Sequence[Contestant], bench: Bench) -> Contestant | None:
    """Return the contestant that ranking takes as the baseline too; `official` has no brackets."""
    if bench.protocol.timing.policy == "official":
        return None
    names = bench.protocol.baseline.names
    called = (one for name in names for one in contestants if one.entry.name == name)
    return next(called, None)


def _timed(one: Contestant, sessions: Sequence["_Session"]) -> Entry:
    """Put the visits of an entry together; it fails with the first visit that failed."""
    entry, visits = one.entry, []
    for session in sessions:
        for place, number, outcome in session.kept[entry.slug]:
            entry = evaluate.with_outcome(entry, outcome)
            visit = result(Visit, outcome)
            if visit is None:
                return entry
            entry = replace(entry, flags=visit.flags | entry.flags | _differing(entry, visit))
            visits.append(RoundVisit(session.number, number, place, visit))
    return replace(entry, timing=Timing(tuple(visits)))


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


# ---------------------------------------------------------------- sessions


def _sessions(
    crew: Sequence[Contestant], baseline: Contestant | None, bench: Bench
) -> Iterator["_Session"]:
    """Go through the sessions that serve `crew`, measuring what they lack."""
    key = bench.store.key("time", {"sessions": _common(baseline, bench)})
    opened: list[list[str]] = (bench.store.get("session", key) or {"crews": []})["crews"]
    served: dict[int, list[Contestant]] = {}
    unserved: list[Contestant] = []
    for one in crew:
        naming = [i for i, digests in enumerate(opened) if one.entry.digest in digests]
        if naming and not bench.fresh:
            served.setdefault(naming[-1], []).append(one)
        else:
            unserved.append(one)
    if not crew and opened and not bench.fresh:
        served[len(opened) - 1] = []  # the baseline alone
    finished = 0
    for number, part in sorted(served.items()):
        session = _Session(number, opened[number], part, baseline, bench)
        if session.complete() or session.whole():
            finished += 1
            yield session.finish()
        else:
            unserved += part
    if unserved or not finished:
        digests = sorted({one.entry.digest for one in unserved})
        opened.append(digests)
        bench.store.put("session", key, {"crews": opened})
        yield _Session(len(opened) - 1, digests, unserved, baseline, bench).finish()


def _common(baseline: Contestant | None, bench: Bench) -> dict[str, object]:
    return evaluate.timing_depends(bench) | {"baseline": baseline.entry.digest if baseline else ""}


class _NotStoredError(Exception):
    """A visit is not in the store, and is not to be made."""


class _Session:
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
        self.kept: dict[str, list[tuple[Position, int, Outcome]]] = {
            one.entry.slug: [] for one in everyone
        }
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

    def finish(self) -> "_Session":
        """Play the protocol's rounds, and those that the budget allows to reach the precision."""
        self._forget()
        for number in range(self.bench.protocol.timing.rounds):
            self._go(number, self.bench.protocol.timing.rounds)
        while self.bench.budget_minutes and self.whole() and not self._precise():
            number = len(self.rounds)
            try:
                self._play(number)
            except _NotStoredError:
                if not self.bench.in_budget():
                    break
                self._go(number, number + 1)
        return self

    def _go(self, number: int, of: int) -> None:
        self.bench.progress.at(number + 1, of)
        self.measuring = True
        try:
            self._play(number)
        finally:
            self.measuring = False

    def _precise(self) -> bool:
        entries = [_timed(one, [self]) for one in [*self.crew, self.baseline] if one]
        found = runtimes.of_entries(entries, self.bench.protocol.timing.policy)
        widths = [runtime.estimate.half_width for runtime in found.values()]
        return all(width is not None and width <= self.bench.precision for width in widths)

    # ------------------------------------------------------------ rounds

    def _play(self, number: int) -> None:
        """Make the visits of one round, again while its baselines drift apart."""
        bound, drifts = self.bench.protocol.timing.drift, list[float]()
        visits: dict[tuple[str, Position], Outcome] = {}
        for attempt in range(1 + REPEATS):
            order = self._order(number, attempt)
            failures = {key: outcome for key, outcome in visits.items() if outcome.failure}
            visits = failures | dict(self._visits(order, number, attempt))
            drift = self._drift(visits)
            if drift is None:
                break
            drifts.append(drift)
            if abs(drift) <= bound:
                break
        for (slug, place), outcome in visits.items():
            self.kept[slug].append((place, number, outcome))
        flagged = bool(drifts) and abs(drifts[-1]) > bound
        slugs = tuple(one.entry.slug for one in order)
        self.rounds.append(Round(self.number, number, slugs, tuple(drifts), flagged))

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
    ) -> Iterator[tuple[tuple[str, Position], Outcome]]:
        plan: list[tuple[Contestant, Position]] = [(one, "entry") for one in order]
        if self.baseline:
            plan = [(self.baseline, "start"), *plan, (self.baseline, "end")]
        for one, place in plan:
            if one.entry.slug in self.failed:
                continue
            outcome = self._visit(one, {"round": number, "attempt": attempt, "place": place})
            if outcome.failure:
                self.failed.add(one.entry.slug)
            yield (one.entry.slug, place), outcome

    def _visit(self, one: Contestant, position: dict[str, object]) -> Outcome:
        """Return a visit's outcome from the store, or make it and store it."""
        bench = self.bench
        session = {"session": self.number, "crew": self.digests, "submission": one.entry.digest}
        key = bench.store.key("time", _common(self.baseline, bench) | session | position)
        content = bench.store.get("time", key)
        if content is not None:
            return from_table(Outcome, content)
        if not self.measuring:
            raise _NotStoredError
        outcome = evaluate.time(one.submission, bench)
        bench.store.put("time", key, to_table(outcome))
        return outcome

    def _drift(self, visits: Mapping[tuple[str, Position], Outcome]) -> float | None:
        if self.baseline is None or self.baseline.entry.slug in self.failed:
            return None
        slug = self.baseline.entry.slug
        start, end = (result(Visit, visits[slug, place]) for place in ("start", "end"))
        assert start and end
        return statistics.visit_ms(end.samples_ms) / statistics.visit_ms(start.samples_ms) - 1
