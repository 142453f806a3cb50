"""One visit of the clock: warm-up on every size, then sweeps in shuffled order."""

import math
import random
import statistics
from collections.abc import Callable, Sequence
from time import monotonic  # bound before any submission's code runs

import torch

from harness.devices import Device, Lap
from harness.loading import Network
from harness.records import Burst, TimingPolicy, Visit

_APART, _APART_MS = 0.05, 0.2  # by which the device's clock and the host's may differ
_INTERRUPTED = 0.05  # share of the calls in which the host may be interrupted
_ROW_MS = 10.0  # of calls on one image in a burst, so that putting it on the device matters little

Sample = tuple[str, Callable[[], torch.Tensor]]  # split, and how to get its LR on the device


def measure(
    network: Network,
    images: Sequence[Sample],
    device: Device,
    policy: TimingPolicy,
    *,
    digest: Callable[[torch.Tensor], str],
    progress: Callable[[int], None],
) -> Visit:
    """Time `network` on `images`, split by split.

    `fair`: every image size of a split is run untimed until it is warm, then come `policy.sweeps`
    passes over all its images, each in an order drawn from `policy.seed`. `official`: one pass,
    cold, in the order of the images. One LR image is on the device at a time, a fresh copy.
    `digest` names the SR image of a call, outside the timed region; the peak of memory is that of
    the timed calls alone. Where the device counts energy, `fair` runs a burst of each split, too.
    """
    began_s = monotonic()
    samples: dict[str, tuple[tuple[float, ...], ...]] = {}
    digests: dict[str, tuple[str, ...]] = {}
    peaks: dict[str, int] = {}
    bursts: dict[str, Burst] = {}
    device.reset_peak()
    warm = WarmUp(network, device, policy)
    suspicion = Suspicion(policy)
    draw = random.Random(policy.seed)
    done = 0
    for split in dict.fromkeys(split for split, _ in images):
        loaders = [loader for name, loader in images if name == split]
        if policy.policy == "fair":
            warm.up(loaders)
        durations: list[list[float]] = [[] for _ in loaders]
        results = [""] * len(loaders)
        peaks[split] = 0
        for order in _orders(len(loaders), policy, draw):
            for index in order:
                lr = loaders[index]()
                device.reset_peak()
                lap = _timed(network, lr, device)
                peaks[split] = max(peaks[split], device.peak_bytes())
                durations[index].append(lap.ms)
                results[index] = digest(lap.sr)
                suspicion.note(lap)
                done += 1
                progress(done)
        samples[split] = tuple(tuple(image) for image in durations)
        digests[split] = tuple(results)
        suspicion.compare(split, durations)
        if device.counts_energy and policy.policy == "fair":
            bursts[split] = _burst(network, loaders, device, policy, samples[split])
    flags = warm.flags() | suspicion.flags
    return Visit(
        samples,
        peaks,
        device.memory_kind,
        digests,
        warm.passes,
        began_s,
        monotonic(),
        bursts,
        flags,
    )


class WarmUp:
    """Untimed passes over each image size, until two in turn agree."""

    def __init__(self, network: Network, device: Device, policy: TimingPolicy) -> None:
        self._network, self._device, self._policy = network, device, policy
        self._unsettled: list[str] = []
        self.passes: dict[str, int] = {}  # size -> passes

    def up(self, loaders: Sequence[Callable[[], torch.Tensor]]) -> None:
        """Warm up the sizes of these images that are not warm yet."""
        for loader in loaders:
            height, width = loader().shape[-2:]
            size = f"{height}x{width}"
            if size not in self.passes:
                self.passes[size] = self._settle(size, loader)

    def _settle(self, size: str, loader: Callable[[], torch.Tensor]) -> int:
        before = self._pass(loader)
        for number in range(2, self._policy.warm_up_passes + 1):
            now = self._pass(loader)
            if abs(now - before) <= self._policy.settled * min(now, before):
                return number
            before = now
        self._unsettled.append(size)
        return self._policy.warm_up_passes

    def _pass(self, loader: Callable[[], torch.Tensor]) -> float:
        return _timed(self._network, loader() * (1 - self._policy.dimming), self._device).ms

    def flags(self) -> dict[str, str]:
        """Say which sizes never became warm."""
        if not self._unsettled:
            return {}
        sizes = ", ".join(self._unsettled)
        passes, bound = self._policy.warm_up_passes, self._policy.settled
        text = f"no two passes in turn of {passes} agreed within {bound:.0%} on LR {sizes}"
        return {"unsettled": text}


class Suspicion:
    """Looks for work that the clock does not see, and for results that are remembered."""

    def __init__(self, policy: TimingPolicy) -> None:
        self._policy = policy
        self._calls = self._apart = 0
        self.flags: dict[str, str] = {}

    def note(self, lap: Lap) -> None:
        """Compare the device's clock with the host's; the host is interrupted now and then."""
        apart = abs(lap.host_ms - lap.ms)
        self._calls += 1
        self._apart += apart > _APART_MS and apart > _APART * lap.host_ms
        if self._apart > _INTERRUPTED * self._calls:
            self.flags["clocks-differ"] = (
                f"{self._apart} of {self._calls} calls took over {_APART:.0%} and {_APART_MS} ms "
                "longer or shorter by the host's clock than by the device's"
            )
        else:
            self.flags.pop("clocks-differ", None)

    def compare(self, split: str, durations: Sequence[Sequence[float]]) -> None:
        """Compare the repeats of each image with its first timed call."""
        if len(durations[0]) < 2:
            return
        ratio = statistics.median(
            statistics.median(repeats) / first for first, *repeats in durations
        )
        if ratio < 1 - self._policy.noise:
            text = f"repeats on {split} took {ratio:.0%} of the first timed call (median of images)"
            self.flags["repeats-faster"] = text


def _orders(count: int, policy: TimingPolicy, draw: random.Random) -> list[list[int]]:
    """Return the order of the images in each sweep."""
    if policy.policy == "official":
        return [list(range(count))]
    return [draw.sample(range(count), count) for _ in range(policy.sweeps)]


def _burst(
    network: Network,
    loaders: Sequence[Callable[[], torch.Tensor]],
    device: Device,
    policy: TimingPolicy,
    durations: Sequence[Sequence[float]],
) -> Burst:
    """Run a split's images back to back, without a look at the results, for its energy.

    Between timed calls the device waits for the host, for longer than a call takes.
    """
    calls = math.ceil(_ROW_MS * len(durations) / sum(map(statistics.median, durations)))
    images = 0

    def sweeps() -> torch.Tensor:
        nonlocal images
        while True:
            for loader in loaders:
                lr = loader()
                for _ in range(calls):
                    sr = network(lr)
            images += calls * len(loaders)
            if monotonic() - began_s >= policy.burst_seconds:
                return sr

    began_s = monotonic()
    with torch.no_grad():
        device.timed(sweeps)
    return Burst(began_s, monotonic(), images)


def _timed(network: Network, lr: torch.Tensor, device: Device) -> Lap:
    with torch.no_grad():
        return device.timed(lambda: network(lr))
