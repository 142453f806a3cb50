"""What the rounds of a run say of each entry's runtime. Pure: from raw samples alone."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.records import Entry, RoundVisit, Visit
from harness.statistics import estimates
from harness.statistics.estimates import Estimate

RoundKey = tuple[int, int]  # session, round
_BRACKET = ("start", "end")


@dataclass(frozen=True)
class Runtime:
    """The runtime of one entry.

    With brackets `ms` is the baseline's runtime times the mean ratio to it, so that entries of
    different sessions compare. Without, it is the entry's own mean: the geometric one of `fair`,
    the arithmetic one of `official`.
    """

    ms: float
    split_ms: dict[str, float]
    estimate: Estimate  # of `logs`
    logs: dict[RoundKey, float]  # log of the ratio to the brackets, or of the milliseconds

    @property
    def interval_ms(self) -> tuple[float, float] | None:
        """Return the 95 % interval; None where there is one round only."""
        half = self.estimate.half_width
        return None if half is None else (self.ms * math.exp(-half), self.ms * math.exp(half))


def of_entries(
    entries: Sequence[Entry], policy: Literal["fair", "official"] = "fair"
) -> dict[str, Runtime]:
    """Return the runtime of every entry that was timed, by slug."""
    timed = {entry.slug: entry.timing.visits for entry in entries if entry.timing}
    brackets: dict[RoundKey, list[Visit]] = {}
    for visits in timed.values():
        for made in visits:
            if made.place in _BRACKET:
                brackets.setdefault((made.session, made.round), []).append(made.visit)
    return {slug: _runtime(visits, brackets, policy) for slug, visits in timed.items()}


def controls(baseline: Entry) -> dict[int, Estimate]:
    """Return, by session, the log ratio of the baseline as an ordinary entry to its brackets.

    It is 0 where nothing but chance tells the two apart: sessions whose estimates differ were
    played on cards, or in circumstances, that do not agree.
    """
    visits = baseline.timing.visits if baseline.timing else ()
    around: dict[RoundKey, list[Visit]] = {}
    for made in visits:
        if made.place in _BRACKET:
            around.setdefault((made.session, made.round), []).append(made.visit)
    logs: dict[int, list[float]] = {}
    for made in visits:
        if made.place == "control":
            unit = _log_mean(around[made.session, made.round], _whole)
            logs.setdefault(made.session, []).append(math.log(_whole(made.visit)) - unit)
    return {session: estimates.estimate(found) for session, found in logs.items()}


def official(entry: Entry) -> Runtime | None:
    """Return the runtime by the official policy, where that was taken beside the fair one."""
    return _runtime(entry.official.visits, {}, "official") if entry.official else None


Brackets = Mapping[RoundKey, Sequence[Visit]]
VisitMs = Callable[[Visit], float]


def _runtime(visits: Sequence[RoundVisit], brackets: Brackets, policy: str) -> Runtime:
    logs = _logs(visits, brackets, _whole)
    splits = visits[0].visit.samples_ms
    return Runtime(
        _ms(visits, brackets, _whole, policy),
        {split: _ms(visits, brackets, _of_split(split), policy) for split in splits},
        estimates.estimate(list(logs.values())),
        logs,
    )


def _whole(visit: Visit) -> float:
    return estimates.visit_ms(visit.samples_ms)


def _of_split(split: str) -> VisitMs:
    return lambda visit: estimates.split_runtime_ms(visit.samples_ms[split])


def _ms(visits: Sequence[RoundVisit], brackets: Brackets, ms: VisitMs, policy: str) -> float:
    if policy == "official":
        return estimates.mean(ms(made.visit) for made in visits)
    logs = _logs(visits, brackets, ms)
    unit = [_log_mean(bracket, ms) for bracket in brackets.values()]
    baseline = estimates.estimate(unit).mean if unit else 0.0
    return math.exp(baseline + estimates.estimate(list(logs.values())).mean)


def _logs(visits: Sequence[RoundVisit], brackets: Brackets, ms: VisitMs) -> dict[RoundKey, float]:
    logs = {}
    for made in visits:
        key = (made.session, made.round)
        if made.place == "control":
            continue
        if made.place in _BRACKET:
            logs[key] = 0.0  # the baseline is what ratios relate to
        else:
            unit = _log_mean(brackets[key], ms) if brackets else 0.0
            logs[key] = math.log(ms(made.visit)) - unit
    return logs


def _log_mean(bracket: Sequence[Visit], ms: VisitMs) -> float:
    return estimates.mean(math.log(ms(visit)) for visit in bracket)
