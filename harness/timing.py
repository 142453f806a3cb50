"""The order of timed calls in one visit: warm-up on every size, then sweeps in shuffled order."""

import random
from collections.abc import Callable, Sequence

import torch

from harness.devices import Device
from harness.loading import Network
from harness.records import TimingPolicy, Visit

Sample = tuple[str, Callable[[], torch.Tensor]]  # split, and how to get its LR on the device


def measure(
    network: Network,
    images: Sequence[Sample],
    device: Device,
    policy: TimingPolicy,
    progress: Callable[[int], None],
) -> Visit:
    """Time `network` on `images`, split by split.

    `fair`: every image size of a split is run untimed until it is warm, then come `policy.sweeps`
    passes over all its images, each in an order drawn from `policy.seed`. `official`: one pass,
    cold, in the order of the images. One LR image is on the device at a time, a fresh copy.
    """
    samples: dict[str, tuple[tuple[float, ...], ...]] = {}
    peaks: dict[str, int] = {}
    warm = WarmUp(network, device, policy)
    draw = random.Random(policy.seed)
    done = 0
    for split in dict.fromkeys(split for split, _ in images):
        loaders = [loader for name, loader in images if name == split]
        if policy.policy == "fair":
            warm.up(loaders)
        durations: list[list[float]] = [[] for _ in loaders]
        device.reset_peak()
        for order in _orders(len(loaders), policy, draw):
            for index in order:
                durations[index].append(_timed(network, loaders[index](), device))
                done += 1
                progress(done)
        peaks[split] = device.peak_bytes()
        samples[split] = tuple(tuple(image) for image in durations)
    return Visit(samples, peaks, device.memory_kind, warm.passes, warm.flags())


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
        before = _timed(self._network, loader(), self._device)
        for number in range(2, self._policy.warm_up_passes + 1):
            now = _timed(self._network, loader(), self._device)
            if abs(now - before) <= self._policy.settled * min(now, before):
                return number
            before = now
        self._unsettled.append(size)
        return self._policy.warm_up_passes

    def flags(self) -> dict[str, str]:
        """Say which sizes never became warm."""
        if not self._unsettled:
            return {}
        sizes = ", ".join(self._unsettled)
        passes, bound = self._policy.warm_up_passes, self._policy.settled
        text = f"no two passes in turn of {passes} agreed within {bound:.0%} on LR {sizes}"
        return {"unsettled": text}


def _orders(count: int, policy: TimingPolicy, draw: random.Random) -> list[list[int]]:
    """Return the order of the images in each sweep."""
    if policy.policy == "official":
        return [list(range(count))]
    return [draw.sample(range(count), count) for _ in range(policy.sweeps)]


def _timed(network: Network, lr: torch.Tensor, device: Device) -> float:
    with torch.no_grad():
        return device.timed(lambda: network(lr))[1]
