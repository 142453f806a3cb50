"""Timing in rounds: which sessions serve whom, and which are yet to be made."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.evaluation.bench import Bench, NotStoredError
from harness.evaluation.executors import Executor, Serial
from harness.evaluation.session import Session, common
from harness.evaluation.units import Play
from harness.evaluation.visits import Contestant, timed
from harness.records import Entry, Failure, Round
from harness.records.schema import SchemaError, from_table

_CREW_LEAST = 4  # entries of a session, where they are split: each has visits of the baseline


@dataclass(frozen=True)
class _Opened:
    """The sessions that were opened on a bench, as they are stored."""

    crews: tuple[tuple[str, ...], ...]  # digests of the submissions of each


Timed = tuple[dict[str, Entry], tuple[Round, ...]]  # entries by slug, and the rounds


def time(
    contestants: Sequence[Contestant],
    bench: Bench,
    executor: Executor | None = None,
    tell: Callable[[Timed], None] = lambda timed: None,
) -> Timed:
    """Time all contestants in rounds; return their entries by slug, and the rounds.

    `tell` is called after every round with what there is.

    The protocol's baseline brackets every round where it is among them. Rounds belong to a
    session. The store names the sessions that were opened on this bench; entries that none of
    them serves whole open the next ones: as many as the executor can play at once.
    """
    executor = executor or Serial()
    baseline = _baseline(contestants, bench)
    crew = [one for one in contestants if one is not baseline]
    planned = _planned(crew, baseline, bench, executor.crews) if contestants else []
    _list(planned, baseline, bench)
    open_ = [one for one in planned if not one.stored]
    units = [Play(one.number, tuple(one.digests), tuple(one.crew), baseline) for one in open_]
    heard = {one.number: one for one in planned if one.stored}

    def found(made: Collection[Session]) -> Timed:
        entries = {}
        for one in contestants:
            served = [session for session in made if one is baseline or one in session.crew]
            if any(session.kept[one.entry.slug] for session in served):
                entries[one.entry.slug] = timed(one, served, bench)
        return entries, tuple(done for session in made for done in session.rounds)

    def round_made(session: Session) -> None:
        heard[session.number] = session
        tell(found(heard.values()))

    played, lost = list(heard.values()), dict[str, str]()
    ended = executor.carry_out(units, replace(bench, round_made=round_made))
    for unit, end in zip(units, ended, strict=True):
        try:
            played.append(unit.session(replace(bench, machine=end.machine).settled()).finish())
        except NotStoredError:
            lost |= dict.fromkeys((one.entry.slug for one in unit.crew), end.lost)
    entries, made = found(sorted(played, key=lambda session: session.number))
    for one in contestants:
        slug = one.entry.slug
        if slug not in entries:
            entries[slug] = _lost(one, lost.get(slug, ""))
    return entries, made


def left(
    contestants: Sequence[Contestant], bench: Bench, crews: int = 1
) -> list[tuple[Session, int]]:
    """Return the sessions that would serve all contestants, with the rounds that are not stored."""
    baseline = _baseline(contestants, bench)
    crew = [one for one in contestants if one is not baseline]
    planned = _planned(crew, baseline, bench, crews) if contestants else []
    return [(session, session.lacking()) for session in planned]


def _lost(one: Contestant, why: str) -> Entry:
    failure = Failure("machine", why or "no session of its timing came to an end")
    return replace(one.entry, status="failed", failure=failure)


def _baseline(contestants: Sequence[Contestant], bench: Bench) -> Contestant | None:
    """Return the contestant that ranking takes as the baseline too; `official` has no brackets."""
    if bench.protocol.timing.policy == "official":
        return None
    names = bench.protocol.baseline.names
    called = (one for name in names for one in contestants if one.entry.name == name)
    return next(called, None)


def _planned(
    crew: Sequence[Contestant], baseline: Contestant | None, bench: Bench, crews: int
) -> list[Session]:
    """Return the sessions that serve `crew`: of the store's list, or new ones."""
    opened = _opened(baseline, bench)
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
    sessions = []
    for number, part in sorted(served.items()):
        session = Session(number, opened[number], part, baseline, bench)
        if session.complete() or session.whole():
            sessions.append(session)
        else:
            unserved += part
    if unserved or not sessions:
        parts = list(_split(unserved, crews))
        # cards compare by the baseline as an ordinary entry of every session
        control = {baseline.entry.digest} if baseline and len(parts) > 1 else set()
        for part in parts:
            digests = sorted({one.entry.digest for one in part} | control)
            sessions.append(Session(len(opened), digests, part, baseline, bench))
            opened.append(digests)
    return sessions


def _list(planned: Sequence[Session], baseline: Contestant | None, bench: Bench) -> None:
    """Put new sessions on the store's list: here alone, before any of them is played."""
    opened = _opened(baseline, bench)
    new = [list(session.digests) for session in planned if session.number >= len(opened)]
    if new:
        bench.store.put("session", _list_key(baseline, bench), {"crews": opened + new})


def _opened(baseline: Contestant | None, bench: Bench) -> list[list[str]]:
    """Return the crews of the sessions on the store's list: none where it cannot be read."""
    try:
        stored = bench.store.get("session", _list_key(baseline, bench))
        return [list(crew) for crew in from_table(_Opened, stored).crews]
    except SchemaError:
        return []


def _list_key(baseline: Contestant | None, bench: Bench) -> str:
    return bench.store.key("time", {"sessions": common(baseline, bench)})


def _split(crew: list[Contestant], crews: int) -> Iterator[list[Contestant]]:
    """Deal entries to sessions, at most `crews` and none too small to be worth its baseline."""
    count = max(1, min(crews, len(crew) // _CREW_LEAST))
    yield from (crew[first::count] for first in range(count))
