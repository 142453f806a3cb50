"""One visit of the clock: warm-up on every size, then sweeps in shuffled order."""

import math
import random
import statistics
from collections.abc import Callable, Sequence
from time import monotonic  # bound before any submission's code runs
from typing import NamedTuple

import torch

from harness.records import Burst, TimingPolicy, Visit
from harness.worker.devices import Device, Lap
from harness.worker.loading import Network

_ROW_MS = 10.0  # of calls on one image in a burst, so that putting it on the device matters little

Load = Callable[[], torch.Tensor]  # puts an LR image on the device
Sample = tuple[str, Load]  # of a split


def measure(
    network: Network,
    images: Sequence[Sample],
    device: Device,
    policy: TimingPolicy,
    *,
    digest: Callable[[torch.Tensor], str],
    progress: Callable[[int], None],
    data_range: float,
    seed: int,
) -> Visit:
    """Time `network` on `images`, split by split.

    `fair`: every image size of a split is run untimed until it is warm, then come `policy.sweeps`
    passes over all its images, each in an order drawn from `policy.seed`. `official`: one pass,
    cold, in the order of the images. One LR image is on the device at a time, a fresh copy.
    `digest` names the SR image of a call, outside the timed region; the peak of memory is that of
    the timed calls alone.

    `fair` warms up on LR that is perturbed as drawn from `seed`, and after the sweeps calls some
    images of the split once more on LR perturbed anew, over all rounds about every image once:
    what a network remembers of an image by its content, it does not have for these. Where the
    device counts energy, a burst of each split follows.
    """
    began_s = monotonic()
    device.reset_peak()
    clock = _Clock(
        network, device, policy, Perturbation(data_range, seed), digest=digest, progress=progress
    )
    found = {
        split: clock.visit(split, [loader for name, loader in images if name == split])
        for split in dict.fromkeys(split for split, _ in images)
    }
    return Visit(
        samples_ms={split: made.samples for split, made in found.items()},
        peak_bytes={split: made.peak for split, made in found.items()},
        memory_kind=device.memory_kind,
        digests={split: made.digests for split, made in found.items()},
        warm_up=clock.warm_up.passes,
        began_s=began_s,
        ended_s=monotonic(),
        reserved_bytes={s: made.reserved for s, made in found.items() if made.reserved is not None},
        host_ms={split: made.host for split, made in found.items() if any(made.host)},
        perturbed_ms={split: made.perturbed for split, made in found.items()},
        perturbation_seed=seed,
        bursts={split: made.burst for split, made in found.items() if made.burst},
        flags=clock.warm_up.flags(),
    )


Samples = tuple[tuple[float, ...], ...]  # image -> sweep


class _Split(NamedTuple):
    """What a visit found on one split."""

    samples: Samples
    host: Samples
    peak: int
    reserved: int | None
    digests: tuple[str, ...]
    perturbed: tuple[tuple[int, float], ...]
    burst: Burst | None


class _Clock:
    """Times one network, split by split."""

    def __init__(
        self,
        network: Network,
        device: Device,
        policy: TimingPolicy,
        perturbation: "Perturbation",
        *,
        digest: Callable[[torch.Tensor], str],
        progress: Callable[[int], None],
    ) -> None:
        self._network, self._device, self._policy = network, device, policy
        self._perturbation, self._digest, self._progress = perturbation, digest, progress
        self._orders = random.Random(policy.seed)
        self._done = 0
        self.warm_up = WarmUp(network, device, policy, perturbation)

    def visit(self, split: str, loaders: Sequence[Load]) -> _Split:
        """Time the images of one split."""
        fair = self._policy.policy == "fair"
        if fair:
            self.warm_up.up(loaders)
        samples: list[list[float]] = [[] for _ in loaders]
        host: list[list[float]] = [[] for _ in loaders]
        digests = [""] * len(loaders)
        peaks, reserved = [0], list[int]()
        for index in self._order(len(loaders)):
            lr = loaders[index]()
            self._device.reset_peak()
            lap = _timed(self._network, lr, self._device)
            peaks.append(self._device.peak_bytes())
            reserved += [] if (held := self._device.reserved_bytes()) is None else [held]
            samples[index].append(lap.ms)
            host[index] += [] if lap.host_ms is None else [lap.host_ms]
            digests[index] = self._digest(lap.sr)
            self._done += 1
            self._progress(self._done)
        return _Split(
            tuple(tuple(sweeps) for sweeps in samples),
            tuple(tuple(sweeps) for sweeps in host),
            max(peaks),
            max(reserved, default=None),
            tuple(digests),
            self._perturbed(loaders) if fair else (),
            self._burst(loaders, samples) if fair and self._device.counts_energy else None,
        )

    def _order(self, count: int) -> list[int]:
        """Return the order of the images, sweep after sweep."""
        if self._policy.policy == "official":
            return list(range(count))
        sweeps = (self._orders.sample(range(count), count) for _ in range(self._policy.sweeps))
        return [index for sweep in sweeps for index in sweep]

    def _perturbed(self, loaders: Sequence[Load]) -> tuple[tuple[int, float], ...]:
        """Time the share of this round of a sweep over perturbed LR."""
        drawn = self._perturbation.draw(len(loaders), max(1, self._policy.rounds))
        network, device = self._network, self._device
        return tuple(
            (index, _timed(network, self._perturbation(loaders[index]()), device).ms)
            for index in drawn
        )

    def _burst(self, loaders: Sequence[Load], samples: Sequence[Sequence[float]]) -> Burst:
        """Run a split's images back to back, without a look at the results, for its energy.

        Between timed calls the device waits for the host, for longer than a call takes.
        """
        calls = math.ceil(_ROW_MS * len(samples) / sum(map(statistics.median, samples)))
        images = 0

        def sweeps() -> torch.Tensor:
            nonlocal images
            while True:
                for loader in loaders:
                    lr = loader()
                    for _ in range(calls):
                        sr = self._network(lr)
                images += calls * len(loaders)
                if monotonic() - began_s >= self._policy.burst_seconds:
                    return sr

        began_s = monotonic()
        with torch.no_grad():
            self._device.timed(sweeps)
        return Burst(began_s, monotonic(), images)


class Perturbation:
    """Raises or lowers every value by one of 255 levels, or leaves it: nobody sees it (50 dB)."""

    def __init__(self, data_range: float, seed: int) -> None:
        self._data_range = data_range
        self._steps, self._images = torch.Generator().manual_seed(seed), random.Random(seed)

    def __call__(self, lr: torch.Tensor) -> torch.Tensor:
        """Return a perturbed copy of `lr`, another at every call."""
        steps = torch.randint(-1, 2, lr.shape, generator=self._steps).to(lr)
        return (lr + steps * self._data_range / 255).clamp(0, self._data_range)

    def draw(self, images: int, rounds: int) -> list[int]:
        """Draw one round's share of so many images."""
        return self._images.sample(range(images), math.ceil(images / rounds))


class WarmUp:
    """Untimed passes over each image size, until two in turn agree."""

    def __init__(
        self,
        network: Network,
        device: Device,
        policy: TimingPolicy,
        perturbation: Perturbation,
    ) -> None:
        self._network, self._device, self._policy = network, device, policy
        self._perturbation = perturbation
        self._unsettled: list[str] = []
        self.passes: dict[str, int] = {}  # size -> passes

    def up(self, loaders: Sequence[Load]) -> None:
        """Warm up the sizes of these images that are not warm yet."""
        for loader in loaders:
            height, width = loader().shape[-2:]
            size = f"{height}x{width}"
            if size not in self.passes:
                self.passes[size] = self._settle(size, loader)

    def _settle(self, size: str, loader: Load) -> int:
        before = self._pass(loader)
        for number in range(2, self._policy.warm_up_passes + 1):
            now = self._pass(loader)
            if abs(now - before) <= self._policy.settled * min(now, before):
                return number
            before = now
        self._unsettled.append(size)
        return self._policy.warm_up_passes

    def _pass(self, loader: Load) -> float:
        return _timed(self._network, self._perturbation(loader()), self._device).ms

    def flags(self) -> dict[str, str]:
        """Say which sizes never became warm."""
        if not self._unsettled:
            return {}
        sizes = ", ".join(self._unsettled)
        passes, bound = self._policy.warm_up_passes, self._policy.settled
        text = f"no two passes in turn of {passes} agreed within {bound:.0%} on LR {sizes}"
        return {"unsettled": text}


def _timed(network: Network, lr: torch.Tensor, device: Device) -> Lap:
    with torch.no_grad():
        return device.timed(lambda: network(lr))
