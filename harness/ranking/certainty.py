"""How sure scores and ranks are, where runtime is all that is uncertain. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from harness.ranking import rank_sums
from harness.ranking.scores import METHODS
from harness.records import Certainty, Ranking, Standing, Track
from harness.statistics import estimates
from harness.statistics.estimates import Estimate
from harness.statistics.runtimes import RoundKey, Runtime


@dataclass(frozen=True)
class _Contender:
    """An entry in a track: what it is ordered by, and what its rounds make of that."""

    index: int
    value: float
    rounds: Mapping[RoundKey, float] = field(default_factory=dict)  # deviations of `value`

    @cached_property  # a thousand others ask for it
    def own(self) -> Estimate:
        """Return the mean of its rounds alone."""
        return estimates.estimate(list(self.rounds.values()))


def of_track(
    ranking: Ranking,
    runtimes: Sequence[Runtime | None],
    reference: Runtime | None,
    track: Track,
) -> list[Certainty]:
    """Say how sure the places of `track` are, in the order of the ranking's standings.

    `reference` is the runtime that ratios relate to, where it was measured. The value that orders
    a track is linearised in each round's log of the runtime (the delta method); two entries are
    compared by its differences in the rounds that they share, or else as independent means. A sum
    of the ranks in runtime and other metrics has no slope: harness.ranking.rank_sums draws it.
    """
    if track.method == "rank_sum" and "runtime_ms" in track.weights and len(track.weights) > 1:
        return rank_sums.of_track(ranking, runtimes, track)
    found = [Certainty()] * len(runtimes)
    contenders = []
    for index, (standing, runtime) in enumerate(zip(ranking.standings, runtimes, strict=True)):
        place = standing.places.get(track.name)
        if place is None or runtime is None:
            continue
        relative = _relative(runtime, reference if track.method == "exp_ratio" else None)
        if track.method == "exp_ratio":
            slope = _slope(standing, track)
            found[index] = Certainty(log_score=_score_interval(standing, track, relative))
            value = place.log_score
        elif "runtime_ms" in track.weights:
            slope, value = 1.0, math.log(runtime.ms)  # a rank in runtime alone
        else:
            slope, value = 0.0, place.log_score
        rounds = {key: slope * log for key, log in relative.items()}
        contenders.append(_Contender(index, value, rounds))
    contenders.sort(key=lambda contender: contender.value)
    for order, chances in enumerate(_chances(contenders)):
        index = contenders[order].index
        ahead = chances[order] if order < len(chances) else None  # of the next one
        found[index] = replace(found[index], ranks=_ranks(chances), ahead=ahead)
    return found


def _relative(runtime: Runtime, reference: Runtime | None) -> dict[RoundKey, float]:
    """Return the log of the runtime's ratio to the reference's, by round."""
    if reference is None:
        return runtime.logs
    return {
        key: log - reference.logs[key] for key, log in runtime.logs.items() if key in reference.logs
    }


def _slope(standing: Standing, track: Track) -> float:
    """Return d log(score) / d log(runtime) of sum(weight x exp(2 x ratio))."""
    if "runtime_ms" not in track.weights:
        return 0.0
    exponent = standing.log_parts["runtime_ms"]
    share = math.log(track.weights["runtime_ms"]) + exponent - standing.places[track.name].log_score
    return math.exp(share) * exponent


def _score_interval(
    standing: Standing, track: Track, relative: Mapping[RoundKey, float]
) -> tuple[float, float] | None:
    half = estimates.estimate(list(relative.values())).half_width if relative else None
    if half is None:
        return None
    runtime, low_high = standing.log_parts.get("runtime_ms", 0.0), []
    for factor in (math.exp(-half), math.exp(half)):
        parts = standing.log_parts | {"runtime_ms": runtime * factor}
        low_high.append(METHODS[track.method](track.weights, replace(standing, log_parts=parts)))
    low, high = low_high
    return None if low is None or high is None else (low, high)


def _chances(contenders: Sequence[_Contender]) -> Iterator[list[float | None]]:
    """Yield how probable it is that each is ahead of each of the others, in their order."""
    keys = list(contenders[0].rounds) if contenders else []
    if len(keys) < 2 or any(one.rounds.keys() != set(keys) for one in contenders):
        for one in contenders:
            yield [_ahead(one, other) for other in contenders if other is not one]
        return
    values = np.array([one.value for one in contenders])
    rounds = np.array([[one.rounds[key] for key in keys] for one in contenders])
    for own in range(len(contenders)):  # a thousand at once
        others = np.arange(len(contenders)) != own
        yield estimates.chances((rounds - rounds[own])[others], (values - values[own])[others])


def _ranks(chances: Sequence[float | None]) -> tuple[int, int] | None:
    known = [chance for chance in chances if chance is not None]
    if len(known) < len(chances):
        return None
    behind = sum(chance > estimates.SURE for chance in known)
    ahead = sum(chance < 1 - estimates.SURE for chance in known)
    return 1 + ahead, 1 + len(chances) - behind


def _ahead(one: _Contender, other: _Contender) -> float | None:
    """Return the probability that `one` is truly ahead of `other`: that its value is less."""
    shared = [other.rounds[key] - log for key, log in one.rounds.items() if key in other.rounds]
    if len(shared) > 1:
        spread = estimates.estimate(shared)
    else:
        spread = estimates.difference(other.own, one.own)
    if spread.error is None:
        return None
    return replace(spread, mean=other.value - one.value).exceeds(0)
