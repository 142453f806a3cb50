"""The visits of one entry, of whichever sessions, put together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from harness.entries.submission import Submission
from harness.evaluation.bench import Bench, result, with_outcome
from harness.evaluation.timing import timed_splits
from harness.records import Entry, Outcome, Position, RoundVisit, Timing, Visit
from harness.statistics import referee, scrutiny


@dataclass(frozen=True)
class Contestant:
    """An entry that restored its images, and the files to visit it with."""

    entry: Entry
    submission: Submission


class Kept(NamedTuple):
    """A visit that counts."""

    session: int
    round: int
    place: Position
    outcome: Outcome
    repeats: int  # times that it was made again
    bracket_mhz: float | None  # median SM clock in the bracket before it
    exchange_ms: dict[str, tuple[float, ...]]  # of the attempt, by LR size


class Played(Protocol):
    """A session of which rounds were played."""

    @property
    def baseline(self) -> Contestant | None:
        """Who brackets its rounds."""

    @property
    def kept(self) -> Mapping[str, Sequence[Kept]]:
        """The visits that count, by slug."""


def timed(one: Contestant, sessions: Sequence[Played], bench: Bench) -> Entry:
    """Put the visits of an entry together; it fails with the first visit that failed."""
    entry, kept = one.entry, _kept(one, sessions)
    for made in kept:
        entry = with_outcome(entry, made.outcome)
        visit = result(Visit, made.outcome)
        if visit is None:
            return entry
        entry = replace(entry, flags=visit.flags | entry.flags | _differing(entry, visit))
    visits, around = tuple(_round_visits(kept)), _circumstances(bench)
    found = scrutiny.of_visits(entry, visits, around)
    baselines = {
        session.baseline.entry.slug: session.baseline for session in sessions if session.baseline
    }
    if entry.slug not in baselines:
        theirs = [v for base in baselines.values() for v in _round_visits(_kept(base, sessions))]
        if dispute := referee.dispute(visits, theirs, around.lr_sizes):
            visits, found["time-disputed"] = dispute.visits, dispute.why
    return replace(entry, timing=Timing(visits), flags=entry.flags | found)


def _kept(one: Contestant, sessions: Sequence[Played]) -> list[Kept]:
    return [made for session in sessions for made in session.kept[one.entry.slug]]


def _round_visits(kept: Sequence[Kept]) -> Iterator[RoundVisit]:
    """Yield the visits that did not fail."""
    for made in kept:
        if visit := result(Visit, made.outcome):
            yield RoundVisit(
                made.session,
                made.round,
                made.place,
                visit,
                made.outcome.state,
                made.repeats,
                made.bracket_mhz,
                made.exchange_ms,
            )


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
    """Compare the SR images of timed calls with those that were restored before."""
    different = images = 0
    for split, digests in visit.digests.items():
        if ordinary := [one.sr for one in entry.ordinary(split)]:
            pairs = [pair for pair in zip(digests, ordinary, strict=False) if pair[0]]
            images += len(pairs)
            different += sum(timed != restored for timed, restored in pairs)
    if not different:
        return {}
    text = f"timed calls gave other SR images than ordinary ones, {different} of {images}"
    return {"nondeterministic": text}
