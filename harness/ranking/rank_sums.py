"""How sure a sum of ranks is, where the ranks in runtime are all that is uncertain. Pure.

Such a sum jumps where two runtimes change places, so it is drawn: what the true runtimes may be, as
a multivariate Student t around the measured ones. Each round has one normal weight that its
deviations of all entries share, so that the difference of two entries spreads as their paired
differences do.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.records import Certainty, Ranking, Track
from harness.statistics import estimates
from harness.statistics.runtimes import Runtime

Array = NDArray[np.float64]

_DRAWS = 20_000


def of_track(ranking: Ranking, runtimes: Sequence[Runtime | None], track: Track) -> list[Certainty]:
    """Say how sure the places of a `rank_sum` track are, in the order of the standings.

    Nothing can be said where some entry that is ranked by runtime has one round only.
    """
    found = [Certainty()] * len(runtimes)
    standings = ranking.standings
    ranked = [i for i, standing in enumerate(standings) if "runtime_ms" in standing.metric_ranks]
    known = [runtime for i in ranked if (runtime := runtimes[i])]
    if len(known) < len(ranked) or any(runtime.estimate.error is None for runtime in known):
        return found
    placed = [i for i in ranked if track.name in standings[i].places]
    placed.sort(key=lambda i: standings[i].places[track.name].log_score)
    positions = dict(zip(ranked, _ranks(_drawn(known)).T, strict=True))
    sums = []
    for i in placed:
        others = track.weights.keys() - {"runtime_ms"}
        fixed = math.fsum(track.weights[m] * standings[i].metric_ranks[m] for m in others)
        sums.append(fixed + track.weights["runtime_ms"] * positions[i])
    for place, (i, own) in enumerate(zip(placed, sums, strict=True)):
        low, high = np.quantile(own, (1 - estimates.SURE, estimates.SURE), method="nearest")
        found[i] = Certainty(
            log_score=(math.log(low), math.log(high)),
            ranks=(
                1 + sum(float((other < own).mean()) > estimates.SURE for other in sums),
                len(sums) - sum(float((own < other).mean()) > estimates.SURE for other in sums),
            ),
            ahead=float((own < sums[place + 1]).mean()) if place + 1 < len(sums) else None,
        )
    return found


def _drawn(runtimes: Sequence[Runtime]) -> Array:
    """Draw true log runtimes [draw, entry], with a seed of its own."""
    generator = np.random.default_rng(0)
    keys = sorted({key for runtime in runtimes for key in runtime.logs})
    weights = dict(zip(keys, generator.standard_normal((len(keys), _DRAWS)), strict=True))
    scales: dict[int, Array] = {}  # entries with as many rounds share the scale of Student's t
    drawn = []
    for runtime in runtimes:
        freedom = runtime.estimate.freedom
        if freedom not in scales:
            scales[freedom] = np.sqrt(freedom / generator.chisquare(freedom, _DRAWS))
        logs = np.array(list(runtime.logs.values()))
        kept = ~estimates.outlying(logs)
        away = np.where(kept, logs - runtime.estimate.mean, 0) / math.sqrt(freedom * (freedom + 1))
        weighted = sum(one * weights[key] for one, key in zip(away, runtime.logs, strict=True))
        drawn.append(math.log(runtime.ms) + scales[freedom] * weighted)
    return np.array(drawn).T


def _ranks(values: Array) -> NDArray[np.int64]:
    """Rank each row from the smallest; equal values share the first of their ranks."""
    columns = [(values < one[:, None]).sum(axis=1) + 1 for one in values.T]
    return np.array(columns).T
