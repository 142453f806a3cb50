"""The harness's own clock beside the worker's: whose runtime it disputes. Pure.

The referee's time of a call, less what the exchange of its images takes, is hardly longer than what
the worker tells: where it is, work was done that the worker's clock did not see.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from harness.records import RoundVisit, Visit
from harness.statistics import estimates
from harness.statistics.estimates import Estimate

_SHARE, _MS = 0.05, 0.3  # of a runtime, and of milliseconds: what may lie between the two clocks

Sizes = Mapping[str, Sequence[tuple[int, int]]]  # split -> height, width of each LR image
Samples = dict[str, tuple[tuple[float, ...], ...]]  # split -> image -> sweep


class Dispute(NamedTuple):
    """Why a runtime is disputed, and the visits with the referee's times in place of those told."""

    why: str
    visits: tuple[RoundVisit, ...]


def costs_ms(
    visit: Visit, split: str, sizes: Sequence[tuple[int, int]]
) -> dict[str, tuple[float, ...]]:
    """Return what the exchange takes, by LR size and call, from a visit to what costs nothing.

    `sizes` are the heights and widths of the images of its one split.
    """
    pairs = zip(sizes, visit.referee_ms[split], visit.samples_ms[split], strict=True)
    return {_name(size): tuple(_less(seen, told)) for size, seen, told in pairs}


def dispute(
    visits: Sequence[RoundVisit], baseline: Sequence[RoundVisit], sizes: Sizes
) -> Dispute | None:
    """Return the dispute of an entry's visits, if there is one.

    The excess is what the referee saw of an image beyond what was told and the least that the
    exchange takes: the median over sweeps, of one visit alone, in which nothing else tells work
    from an interruption, the least; the mean over images and visits. It is disputed where
    it is larger than that of the `baseline`'s visits in the same rounds (without one: than that of
    the exchange itself) by more than 5 % of the runtime and 0.3 ms, with 97.5 % certainty. Where
    the machine is busy, both are large, and wide.
    """
    of_sweeps = statistics.median if len(visits) > 1 else min
    own = _estimated([_of_images(made, sizes, of_sweeps) for made in visits])
    theirs = _estimated(
        [_of_images(made, sizes, of_sweeps) for made in baseline]
        or [_of_exchange(made, sizes) for made in visits]
    )
    if own is None or theirs is None:
        return None
    told_ms = statistics.fmean(estimates.visit_ms(made.visit.samples_ms) for made in visits)
    beyond = estimates.difference(own, theirs)
    if beyond.half_width is None or beyond.mean - beyond.half_width <= _SHARE * told_ms + _MS:
        return None
    return Dispute(
        f"a call took {told_ms:.3g} ms by the worker and {beyond.mean:.3g} ms more by the harness, "
        "the exchange of images left out: what the harness saw is its runtime",
        tuple(_ranked(made, sizes) for made in visits),
    )


def _estimated(every: Sequence[Sequence[float]]) -> Estimate | None:
    """Estimate the mean over visits and images; its error is over either, the larger one."""
    every = [images for images in every if images]
    if not every:
        return None
    visits, images = [statistics.fmean(one) for one in every], [ms for one in every for ms in one]
    samples = [sample for sample in (visits, images) if len(sample) > 1]
    errors = [statistics.stdev(sample) / len(sample) ** 0.5 for sample in samples]
    return Estimate(statistics.fmean(visits), max(errors, default=None), max(1, len(images) - 1))


def _of_images(
    made: RoundVisit, sizes: Sizes, of_sweeps: Callable[[Sequence[float]], float]
) -> list[float]:
    """Return each image's excess."""
    return [
        of_sweeps(_less(seen, told))
        for split, images in _net_ms(made, sizes).items()
        for seen, told in zip(images, made.visit.samples_ms[split], strict=True)
    ]


def _of_exchange(made: RoundVisit, sizes: Sizes) -> list[float]:
    taken = [made.exchange_ms.get(_name(size)) for split in sizes.values() for size in split]
    return [statistics.median(calls) - min(calls) for calls in taken if calls]


def _net_ms(made: RoundVisit, sizes: Sizes) -> Samples:
    """Return the referee's times without the least that the exchange takes; nothing if unknown."""
    taken = made.exchange_ms
    if not all(_name(size) in taken for split in sizes.values() for size in split):
        return {}
    return {
        split: tuple(
            tuple(ms - min(taken[_name(size)]) for ms in sweeps)
            for size, sweeps in zip(sizes[split], images, strict=True)
        )
        for split, images in made.visit.referee_ms.items()
    }


def _ranked(made: RoundVisit, sizes: Sizes) -> RoundVisit:
    """Put the referee's times in the place of those told, where they are longer."""
    told, seen = made.visit.samples_ms, _net_ms(made, sizes)
    longer = {
        split: tuple(
            tuple(max(pair) for pair in zip(*sweeps, strict=True))
            for sweeps in zip(images, told[split], strict=True)
        )
        for split, images in seen.items()
    }
    return replace(made, visit=replace(made.visit, samples_ms=longer or told, told_ms=told))


def _less(seen: Sequence[float], told: Sequence[float]) -> list[float]:
    return [one - other for one, other in zip(seen, told, strict=True)]


def _name(size: tuple[int, int]) -> str:
    height, width = size
    return f"{height}x{width}"
