"""Raw samples -> figures, and how sure they are. Pure."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

CONFIDENCE = 0.95
SURE = (1 + CONFIDENCE) / 2  # of a two-sided comparison
_OUTLYING = 5.0  # robust standard deviations from the median
_ROUNDS_TO_JUDGE = 6  # fewer cannot tell an outlier
_MAD_TO_SIGMA = 1.4826  # of a normal distribution
_FINEST = 1e-9  # of a log ratio; what floats make of equal times


def image_runtime_ms(sweeps: Sequence[float]) -> float:
    """Return the runtime of one image: the median over sweeps, in ms."""
    return statistics.median(sweeps)


def split_runtime_ms(images: Iterable[Sequence[float]]) -> float:
    """Return the runtime of a split: the mean over images of their medians over sweeps, in ms."""
    return statistics.fmean(image_runtime_ms(sweeps) for sweeps in images)


def visit_ms(splits: Mapping[str, Sequence[Sequence[float]]]) -> float:
    """Return the runtime of a visit: the mean over its splits, in ms."""
    return statistics.fmean(split_runtime_ms(images) for images in splits.values())


def mean(values: Iterable[float]) -> float:
    """Return the arithmetic mean, as accurate as a float can hold."""
    return statistics.fmean(values)


# ---------------------------------------------------------------- over rounds


@dataclass(frozen=True)
class Estimate:
    """A mean over rounds; its standard error is None where one round says nothing of it."""

    mean: float
    error: float | None
    freedom: int  # degrees of

    @property
    def half_width(self) -> float | None:
        """Return half the width of the 95 % interval by Student's t."""
        if self.error is None:
            return None
        return self.error * float(stdtrit(self.freedom, SURE))

    def exceeds(self, value: float) -> float | None:
        """Return how probable it is that the true mean is larger than `value`."""
        if self.error is None:
            return None
        if self.error <= _FINEST:
            return 0.5 + 0.5 * _sign(self.mean - value)
        return float(stdtr(self.freedom, (self.mean - value) / self.error))


def _sign(difference: float) -> int:
    return 0 if abs(difference) <= _FINEST else int(math.copysign(1, difference))


def estimate(samples: Sequence[float]) -> Estimate:
    """Estimate the mean of one figure per round, outlying rounds left out."""
    array = np.asarray(samples, dtype=np.float64)
    centre, error, freedom = moments(array)
    if freedom < 1:
        return Estimate(float(centre), None, 0)
    return Estimate(float(centre), float(error), int(freedom))


def chances(samples: NDArray[np.float64], means: NDArray[np.float64]) -> list[float | None]:
    """Return how probable it is that true means are above 0, as `Estimate.exceeds` does of one.

    `samples` [n, rounds] tell how far each of the `means` [n] is known.
    """
    _, errors, freedoms = moments(samples)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = stdtr(freedoms, means / errors)
    signs = np.where(np.abs(means) <= _FINEST, 0, np.sign(means))
    found = np.where(errors <= _FINEST, 0.5 + 0.5 * signs, found)
    return [
        float(chance) if freedom >= 1 else None
        for chance, freedom in zip(found, freedoms, strict=True)
    ]


def difference(one: Estimate, other: Estimate) -> Estimate:
    """Compare means of different rounds (Welch's t, freedom rounded down)."""
    centre = one.mean - other.mean
    if one.error is None or other.error is None:
        return Estimate(centre, None, 0)
    squares = (one.error**2, other.error**2)
    below = squares[0] ** 2 / one.freedom + squares[1] ** 2 / other.freedom
    freedom = sum(squares) ** 2 / below if below else one.freedom + other.freedom
    return Estimate(centre, math.sqrt(sum(squares)), max(1, int(freedom)))


def moments(
    samples: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return mean, its standard error and degrees of freedom over the last axis.

    Outlying samples are left out. The error is NaN where one sample is left.
    """
    kept = ~outlying(samples)
    count = kept.sum(axis=-1)
    centre = np.where(kept, samples, 0).sum(axis=-1) / count
    squares = np.where(kept, (samples - centre[..., None]) ** 2, 0).sum(axis=-1)
    freedom = count - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(squares / freedom / count)
    return centre, error, freedom


def outlying(samples: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which samples of the last axis lie 5 robust standard deviations from their median.

    The robust deviation is 1.4826 times the median absolute deviation; of fewer than 6 samples
    none is an outlier.
    """
    if samples.shape[-1] < _ROUNDS_TO_JUDGE:
        return np.zeros(samples.shape, dtype=bool)
    away = np.abs(samples - np.median(samples, axis=-1, keepdims=True))
    sigma = _MAD_TO_SIGMA * np.median(away, axis=-1, keepdims=True)
    return away > np.maximum(_OUTLYING * sigma, _FINEST)
