"""Raw samples -> figures. Pure."""

import statistics
from collections.abc import Iterable, Mapping, Sequence


def image_runtime_ms(sweeps: Sequence[float]) -> float:
    """Return the runtime of one image: the median over sweeps, in ms."""
    return statistics.median(sweeps)


def split_runtime_ms(images: Iterable[Sequence[float]]) -> float:
    """Return the runtime of a split: the mean over images of their medians over sweeps, in ms."""
    return statistics.fmean(image_runtime_ms(sweeps) for sweeps in images)


def runtime_ms(splits: Mapping[str, Sequence[Sequence[float]]]) -> float:
    """Return the runtime of an entry: the mean over its splits, in ms."""
    return statistics.fmean(split_runtime_ms(images) for images in splits.values())


def mean(values: Iterable[float]) -> float:
    """Return the arithmetic mean, as accurate as a float can hold."""
    return statistics.fmean(values)
