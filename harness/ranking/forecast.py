"""Where an entry would stand in an edition's published table. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from harness.ranking import leaderboard
from harness.records import Figures, Protocol
from harness.statistics.estimates import Estimate


@dataclass(frozen=True)
class Forecast:
    """What ranking the entry among the published ones gives; scores as natural logarithms."""

    ranked: int  # entries in the main track, this one among them
    reason: str = ""  # why it would not be ranked
    metric_ranks: dict[str, int] = field(default_factory=dict)
    rank: int | None = None  # in the main track; None without a runtime
    ranks: tuple[int, int] | None = None  # at the ends of the runtime's 95 % interval
    log_score: float | None = None
    log_scores: tuple[float, float] | None = None


def forecast(
    own: Figures, log_ratio: Estimate | None, published: Sequence[Figures], protocol: Protocol
) -> Forecast | None:
    """Rank `own` among `published`; None where the protocol or the table does not allow it.

    Its runtime is the published baseline's times the ratio that was measured here, given as its
    natural logarithm; None where the baseline was not timed.
    """
    theirs = next((one for one in published if one.name in protocol.baseline.names), None)
    if theirs is None or not protocol.tracks:
        return None
    static: dict[str, float] = {
        name: own.metrics[name] for name in ("params", "flops") if name in own.metrics
    }
    bare = replace(own, name=f"{own.name} (checked)", id=None, metrics=static)
    if log_ratio is None:
        return _ranked(bare, published, protocol)
    base_ms = theirs.metrics["runtime_ms"]

    def at(log: float) -> Forecast:
        metrics = static | {"runtime_ms": base_ms * math.exp(log)}
        return _ranked(replace(bare, metrics=metrics), published, protocol)

    found, half = at(log_ratio.mean), log_ratio.half_width
    if found.rank is None or half is None:
        return found
    low, high = at(log_ratio.mean - half), at(log_ratio.mean + half)
    assert low.rank and high.rank and low.log_score is not None and high.log_score is not None
    return replace(found, ranks=(low.rank, high.rank), log_scores=(low.log_score, high.log_score))


def _ranked(own: Figures, published: Sequence[Figures], protocol: Protocol) -> Forecast:
    rows = leaderboard.of_table([*published, own], protocol).rows
    row = next(row for row in rows if row.figures is own)
    assert protocol.main_track
    place = row.standing.places.get(protocol.main_track.name)
    return Forecast(
        ranked=sum(row.rank is not None for row in rows),
        reason=row.standing.reason if row.standing.eligible == "no" else "",
        metric_ranks=row.standing.metric_ranks,
        rank=row.rank,
        log_score=place.log_score if place else None,
    )
