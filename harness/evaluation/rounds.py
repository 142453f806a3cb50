"""Timing in rounds: which sessions serve whom, and which are yet to be made."""

from collections.abc import Callable, Iterator, Sequence

from harness.evaluation.bench import Bench
from harness.evaluation.session import Contestant, Session, common, timed
from harness.records import Entry, Round

Timed = tuple[dict[str, Entry], tuple[Round, ...]]  # entries by slug, and the rounds


def time(
    contestants: Sequence[Contestant],
    bench: Bench,
    tell: Callable[[Timed], None] = lambda timed: None,
) -> Timed:
    """Time all contestants in rounds; return their entries by slug, and the rounds.

    `tell` is called after every round with what there is.

    The protocol's baseline brackets every round where it is among them. Rounds belong to a
    session. The store names the sessions that were opened on this bench; entries that none of
    them serves whole open the next one.
    """
    baseline = _baseline(contestants, bench)
    crew = [one for one in contestants if one is not baseline]
    sessions: list[Session] = []

    def found(made: Sequence[Session]) -> Timed:
        entries = {}
        for one in contestants:
            served = [s for s in made if one is baseline or one in s.crew]
            if any(s.kept[one.entry.slug] for s in served):
                entries[one.entry.slug] = timed(one, served, bench)
        return entries, tuple(done for session in made for done in session.rounds)

    def round_made(session: Session) -> None:
        tell(found([*sessions, session]))

    if contestants:
        for session in _sessions(crew, baseline, bench, round_made):
            sessions.append(session)
    return found(sessions)


def _baseline(contestants: Sequence[Contestant], bench: Bench) -> Contestant | None:
    """Return the contestant that ranking takes as the baseline too; `official` has no brackets."""
    if bench.protocol.timing.policy == "official":
        return None
    names = bench.protocol.baseline.names
    called = (one for name in names for one in contestants if one.entry.name == name)
    return next(called, None)


def _sessions(
    crew: Sequence[Contestant],
    baseline: Contestant | None,
    bench: Bench,
    tell: Callable[[Session], None],
) -> Iterator[Session]:
    """Go through the sessions that serve `crew`, measuring what they lack."""
    key = bench.store.key("time", {"sessions": common(baseline, bench)})
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
        session = Session(number, opened[number], part, baseline, bench)
        if session.complete() or session.whole():
            finished += 1
            yield session.finish(tell)
        else:
            unserved += part
    if unserved or not finished:
        digests = sorted({one.entry.digest for one in unserved})
        opened.append(digests)
        bench.store.put("session", key, {"crews": opened})
        yield Session(len(opened) - 1, digests, unserved, baseline, bench).finish(tell)
