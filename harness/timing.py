"""The order of timed calls: warm-up on every size, then sweeps in shuffled order."""

import random
from collections.abc import Callable, Sequence

import torch

from harness.devices import Device
from harness.loading import Network
from harness.records import TimingPolicy

Sample = tuple[str, Callable[[], torch.Tensor]]  # split, and how to get its LR on the device


def measure(
    network: Network,
    images: Sequence[Sample],
    device: Device,
    policy: TimingPolicy,
    progress: Callable[[int], None],
) -> tuple[dict[str, tuple[tuple[float, ...], ...]], dict[str, int]]:
    """Time `network` on `images`, split by split.

    Every image size of a split is run once untimed, then come `policy.sweeps` passes over all its
    images, each in an order drawn from `policy.seed`. One LR image is on the device at a time.
    Returns split -> image -> sweep -> milliseconds, and split -> peak bytes during the sweeps.
    """
    samples: dict[str, tuple[tuple[float, ...], ...]] = {}
    peaks: dict[str, int] = {}
    order = random.Random(policy.seed)
    done = 0
    for split in dict.fromkeys(split for split, _ in images):
        loaders = [loader for name, loader in images if name == split]
        _warm_up(network, loaders, device)
        durations: list[list[float]] = [[] for _ in loaders]
        device.reset_peak()
        for _ in range(policy.sweeps):
            for index in order.sample(range(len(loaders)), len(loaders)):
                durations[index].append(_timed(network, loaders[index](), device))
                done += 1
                progress(done)
        peaks[split] = device.peak_bytes()
        samples[split] = tuple(tuple(image) for image in durations)
    return samples, peaks


def _warm_up(
    network: Network, loaders: Sequence[Callable[[], torch.Tensor]], device: Device
) -> None:
    seen: set[torch.Size] = set()
    for loader in loaders:
        lr = loader()
        if lr.shape not in seen:
            seen.add(lr.shape)
            _timed(network, lr, device)


def _timed(network: Network, lr: torch.Tensor, device: Device) -> float:
    with torch.no_grad():
        return device.timed(lambda: network(lr))[1]
