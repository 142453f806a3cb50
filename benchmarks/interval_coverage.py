"""Are the intervals and ties of runtimes what they claim? Simulated against synthetic truth.

    python benchmarks/interval_coverage.py [--challenges N]

Every simulated challenge has a baseline and six entries on 100 images, whose times differ between
images as those of the published tables do (27 to 45 %, chosen per entry). The device drifts as a
random walk from visit to visit; every visit has its noise, every image its own; two visits in a
hundred are 3 to 10 % slow; a round whose brackets differ by more than 5 % is measured again.
Rounds are added to ten, up to forty, until all half widths reach 0.5 %. The estimators are those of
harness.statistics.
"""

import argparse
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from harness.statistics import estimates

ROUNDS, MOST_ROUNDS, PRECISION, DRIFT_BOUND, REPEATS = 10, 40, 0.005, 0.05, 2
IMAGES, ENTRIES = 100, 6
# log of the true runtimes: pairs that tie, or differ by 1, 2 and 5 %
TRUE = np.log([0.80, 0.80, 0.808, 0.816, 0.84, 1.30])
PAIRS = {"tie": (0, 1), "1 %": (0, 2), "2 %": (0, 3), "5 %": (0, 4)}
Array = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """What disturbs the clock, as standard deviations of a log."""

    visit: float  # between visits
    walk: float  # of the device, from one visit to the next
    image: float = 0.02  # between calls on one image
    outliers: float = 0.02  # share of visits that are 3 to 10 % slow


def log_runtimes(world: World, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw log runtimes of visits, less the truth: noise, outliers, and a mean over images."""
    spread = rng.uniform(0.27, 0.45, (shape[0], 1, shape[2], 1))
    share = np.exp(spread * rng.standard_normal((shape[0], 1, shape[2], IMAGES)))
    share /= share.sum(axis=-1, keepdims=True)
    # the mean over images of noisy calls: its log deviates with the root of the squared shares
    calls = world.image * np.sqrt((share**2).sum(axis=-1)) * rng.standard_normal(shape)
    slow = (rng.random(shape) < world.outliers) * rng.uniform(0.03, 0.10, shape)
    return world.visit * rng.standard_normal(shape) + calls + np.log1p(slow)


def log_ratios(world: World, challenges: int, rng: np.random.Generator) -> Array:
    """Simulate rounds; return the log ratios to the brackets [challenge, entry, round]."""
    kept = np.zeros((challenges, ENTRIES, MOST_ROUNDS))
    open_rounds = np.ones((challenges, MOST_ROUNDS), dtype=bool)
    for _ in range(1 + REPEATS):
        made = log_runtimes(world, (challenges, MOST_ROUNDS, ENTRIES + 2), rng)
        steps = world.walk * rng.standard_normal(made.shape)
        drift = steps.cumsum(axis=-1)  # in the order of visits; the brackets stand at both ends
        order = rng.permuted(
            np.broadcast_to(np.arange(1, ENTRIES + 1), made[..., 1:-1].shape), axis=-1
        )
        start, end = made[..., 0] + drift[..., 0], made[..., -1] + drift[..., -1]
        entries = made[..., 1:-1] + np.take_along_axis(drift, order, axis=-1)
        ratios = TRUE + entries - ((start + end) / 2)[..., None]
        kept = np.where(open_rounds[:, None, :], ratios.transpose(0, 2, 1), kept)
        open_rounds &= np.abs(np.expm1(end - start)) > DRIFT_BOUND
    return kept


def rounds_made(ratios: Array) -> NDArray[np.int64]:
    """Return how many rounds each challenge ends with under the rule that adds rounds."""
    ended = np.full(len(ratios), MOST_ROUNDS)
    going = np.ones(len(ratios), dtype=bool)
    for rounds in range(ROUNDS, MOST_ROUNDS):
        _, error, freedom = estimates.moments(ratios[..., :rounds])
        precise = (error * stdtrit(freedom, 0.975) <= PRECISION).all(axis=-1)
        ended[going & precise] = rounds
        going &= ~precise
    return ended


def truths(samples: Array, rounds: NDArray[np.int64], truth: float) -> tuple[Array, Array]:
    """Tell whether each interval holds `truth`, and whether it lies apart from 0.

    `samples` [challenge, round]; each challenge counts its own number of rounds.
    """
    holds, apart = np.zeros(len(samples)), np.zeros(len(samples))
    for count in np.unique(rounds):
        some = rounds == count
        mean, error, freedom = estimates.moments(samples[some, :count])
        half = error * stdtrit(freedom, 0.975)
        holds[some], apart[some] = np.abs(mean - truth) <= half, np.abs(mean) > half
    return holds, apart


def row(world: World, challenges: int, adding: bool) -> str:
    rng = np.random.default_rng(0)
    ratios = log_ratios(world, challenges, rng)
    rounds = rounds_made(ratios) if adding else np.full(challenges, ROUNDS)
    coverage = np.mean(
        [truths(ratios[:, i], rounds, float(TRUE[i]))[0].mean() for i in range(ENTRIES)]
    )
    cells = [f"{world.visit:.1%}", f"{world.walk:.2%}", f"{world.outliers:.0%}"]
    cells += ["to 0.5 %" if adding else "10", f"{rounds.mean():.1f}", f"{coverage:.1%}"]
    for one, other in PAIRS.values():
        _, apart = truths(ratios[:, other] - ratios[:, one], rounds, 0.0)
        cells.append(f"{1 - apart.mean() if one + other == 1 else apart.mean():.1%}")
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--challenges", type=int, default=2000)
    challenges = parser.parse_args().challenges
    began = time.perf_counter()
    print("| noise | walk | outliers | rounds | mean | coverage | ties | 1 % | 2 % | 5 % |")
    print("|---" * 10 + "|")
    for visit in (0.005, 0.01):
        for walk, outliers in ((0.0, 0.0), (0.002, 0.02), (0.005, 0.02)):
            for adding in (False, True):
                print(row(World(visit, walk, outliers=outliers), challenges, adding), flush=True)
    print(f"\n{challenges} challenges a row, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
