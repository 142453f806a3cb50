"""From figures and a protocol to eligibility, scores, ranks and ties. Pure: it measures nothing."""

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from harness.errors import ProtocolError
from harness.ranking import eligibility
from harness.records import METRICS, Figures, Place, Protocol, Ranking, Standing, Track


def rank(
    figures: Sequence[Figures],
    protocol: Protocol,
    baseline: Literal["measured", "published"] = "measured",
) -> Ranking:
    """Rank entries: standings in the order of `figures`, whose values are finite and >= 0.

    Only entries that are eligible (or provisionally so, where a split is absent) take part.
    Ratios are to the entry that the protocol names as its baseline, or to its published figures;
    ProtocolError when one of those is needed and not stated.
    """
    reference = _published(protocol) if baseline == "published" else _measured(figures, protocol)
    standings = [eligibility.judge(entry, protocol) for entry in figures]
    taking_part = [i for i, standing in enumerate(standings) if standing.eligible != "no"]
    metric_ranks = {metric: _metric_ranks(figures, taking_part, metric) for metric in METRICS}
    for i in taking_part:
        reasons = (standings[i].reason, _unplaced(figures[i], protocol))
        standings[i] = replace(
            standings[i],
            reason="; ".join(reason for reason in reasons if reason),
            log_parts=_log_parts(figures[i], reference),
            metric_ranks={metric: ranks[i] for metric, ranks in metric_ranks.items() if i in ranks},
        )
    for track in protocol.tracks:
        _place(standings, taking_part, track)
    return Ranking(tuple(standings), reference.name, reference.notes)


def format_score(log_score: float) -> str:
    """Print a score, given as its natural logarithm: `3.873283`, `3.9e+14`, also beyond floats."""
    log10 = log_score / math.log(10)
    if log10 < 6:
        return f"{math.exp(log_score):.6f}"
    if log10 > 1e12:  # no digit of the mantissa is left
        return f"10^{log10:.6g}"
    exponent = math.floor(log10)
    mantissa = f"{10 ** (log10 - exponent):.1f}"
    if mantissa == "10.0":
        mantissa, exponent = "1.0", exponent + 1
    return f"{mantissa}e+{exponent:02d}"


# ---------------------------------------------------------------- what ratios are relative to


@dataclass(frozen=True)
class _Reference:
    """What the ratios are relative to; a metric that is absent gives no ratio."""

    name: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def _published(protocol: Protocol) -> _Reference:
    baseline, needed = protocol.baseline, _relative_metrics(protocol)
    lacking = sorted(needed - baseline.published.keys())
    if lacking:
        raise ProtocolError(
            f"protocol {protocol.name} states no published {', '.join(lacking)} of its baseline; "
            "rank against the measured baseline, or add them under [baseline.published]"
        )
    note = f"scores are relative to published figures, not measured here: {baseline.source}"
    return _Reference("published figures", baseline.published, (note,) if needed else ())


def _measured(figures: Sequence[Figures], protocol: Protocol) -> _Reference:
    names, needed = protocol.baseline.names, _relative_metrics(protocol)
    called = [entry for name in names for entry in figures if entry.name == name]
    if not called:
        why = f"no entry is called {' or '.join(map(repr, names))}"
        return _Reference("", notes=_unscored(why, needed, protocol))
    entry = called[0]
    several = f"{len(called)} entries have a name of the baseline: {entry.name!r} was taken"
    notes = (several,) if len(called) > 1 else ()
    # whether or not it is eligible or ranked itself, its figures are what ratios relate to
    metrics = {metric: value for metric, value in entry.metrics.items() if value > 0}
    lacking = needed - metrics.keys()
    failed = f" ({entry.reason})" if entry.status != "ok" else ""
    why = f"the baseline {entry.name!r} has no positive {', '.join(sorted(lacking))}{failed}"
    if not any(lacking & one.metrics.keys() for one in figures):  # no fault of the baseline
        why = f"{', '.join(sorted(lacking))} was not measured"
    return _Reference(entry.name, metrics, notes + _unscored(why, lacking, protocol))


def _relative_metrics(protocol: Protocol) -> set[str]:
    """Return the metrics that some track sets in relation to the baseline's."""
    return {m for track in protocol.tracks if track.method == "exp_ratio" for m in track.weights}


def _unscored(why: str, lacking: set[str], protocol: Protocol) -> tuple[str, ...]:
    """Note which tracks have no scores for want of these metrics of the baseline."""
    relative = [track for track in protocol.tracks if track.method == "exp_ratio"]
    tracks = [track.name for track in relative if lacking & track.weights.keys()]
    if not tracks:
        return ()
    published = _relative_metrics(protocol) <= protocol.baseline.published.keys()
    advice = ", or rank with baseline = published" if published else ""
    return (f"no scores in {', '.join(tracks)}: {why}; have it measured in the same run{advice}",)


# ---------------------------------------------------------------- scores and places


def _log_parts(entry: Figures, reference: _Reference) -> dict[str, float]:
    return {
        metric: 2 * (entry.metrics[metric] / reference.metrics[metric])
        for metric in METRICS
        if metric in entry.metrics and metric in reference.metrics
    }


def _exp_ratio(weights: Mapping[str, float], standing: Standing) -> float | None:
    """Log of sum(weight x exp(2 x ratio)); the largest term is factored out against overflow."""
    if not weights.keys() <= standing.log_parts.keys():
        return None
    terms = [math.log(weight) + standing.log_parts[metric] for metric, weight in weights.items()]
    largest = max(terms)
    if math.isinf(largest):
        return largest
    return largest + math.log(math.fsum(math.exp(term - largest) for term in terms))


def _rank_sum(weights: Mapping[str, float], standing: Standing) -> float | None:
    """Log of sum(weight x rank in the metric)."""
    if not weights.keys() <= standing.metric_ranks.keys():
        return None
    ranks = standing.metric_ranks
    return math.log(math.fsum(weight * ranks[metric] for metric, weight in weights.items()))


METHODS: dict[str, Callable[[Mapping[str, float], Standing], float | None]] = {
    "exp_ratio": _exp_ratio,
    "rank_sum": _rank_sum,
}


def _place(standings: list[Standing], taking_part: Sequence[int], track: Track) -> None:
    """Add the places of one track to the standings that have all its metrics."""
    method = METHODS[track.method]
    found = {i: method(track.weights, standings[i]) for i in taking_part}
    scores = {i: score for i, score in found.items() if score is not None}
    for i, position in _ranks(scores).items():
        place = Place(position, scores[i])
        standings[i] = replace(standings[i], places={**standings[i].places, track.name: place})


def _metric_ranks(figures: Sequence[Figures], among: Sequence[int], metric: str) -> dict[int, int]:
    known = (i for i in among if metric in figures[i].metrics)
    return _ranks({i: figures[i].metrics[metric] for i in known})


def _ranks(values: Mapping[int, float]) -> dict[int, int]:
    """Rank from the smallest; equal values share the first of their ranks (1, 2, 2, 4)."""
    ordered = sorted(values.values())
    return {key: bisect_left(ordered, value) + 1 for key, value in values.items()}


def _unplaced(entry: Figures, protocol: Protocol) -> str:
    """Say which figures an entry lacks for a place in which tracks."""
    needed = {metric for track in protocol.tracks for metric in track.weights}
    lacking = [metric for metric in METRICS if metric in needed - entry.metrics.keys()]
    tracks = [track.name for track in protocol.tracks if set(lacking) & track.weights.keys()]
    return f"no {', '.join(lacking)}, so no place in {', '.join(tracks)}" if lacking else ""
