"""Timing in rounds: which sessions serve whom, and which are yet to be made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.evaluation.bench import Bench
from harness.evaluation.session import Contestant, Session, common, timed
from harness.records import Entry, Round
from harness.records.schema import SchemaError, from_table


@dataclass(frozen=True)
class _Opened:
    """The sessions that were opened on a bench, as they are stored."""

    crews: tuple[tuple[str, ...], ...]  # digests of the submissions of each


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
        entries[one.entry.slug] = timed(one, served, bench)
    return entries, tuple(done for session in sessions for done in session.rounds)


def _baseline(contestants: Sequence[Contestant], bench: Bench) -> Contestant | None:
    """Return the contestant that ranking takes as the baseline too; `official` has no brackets."""
    if bench.protocol.timing.policy == "official":
        return None
    names = bench.protocol.baseline.names
    called = (one for name in names for one in contestants if one.entry.name == name)
    return next(called, None)


def _sessions(
    crew: Sequence[Contestant], baseline: Contestant | None, bench: Bench
) -> Iterator["Session"]:
    """Go through the sessions that serve `crew`, measuring what they lack."""
    key = bench.store.key("time", {"sessions": common(baseline, bench)})
    opened = _opened(bench.store.get("session", key))
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
        session = Session(number, opened[number], part, baseline, bench)
        if session.complete() or session.whole():
            finished += 1
            yield session.finish()
        else:
            unserved += part
    if unserved or not finished:
        digests = sorted({one.entry.digest for one in unserved})
        opened.append(digests)
        bench.store.put("session", key, {"crews": opened})
        yield Session(len(opened) - 1, digests, unserved, baseline, bench).finish()


def _opened(stored: object) -> list[list[str]]:
    """Return the crews of the sessions that the store names: none where it cannot be read."""
    try:
        return [list(crew) for crew in from_table(_Opened, stored).crews]
    except SchemaError:
        return []
