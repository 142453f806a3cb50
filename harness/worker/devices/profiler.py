"""PyTorch's profiler, read as operators."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch._C._autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from harness.records import Operator


def operators(
    call: Callable[[], torch.Tensor],
    repeats: int,
    activities: Sequence[ProfilerActivity],
    time_us: Callable[[Any], float],
) -> tuple[Operator, ...]:
    """Run `call` `repeats` times under the profiler; return its operators, costliest first.

    `time_us` reads of an operator's event how long the operator itself took, in microseconds.
    """
    calls: dict[str, int] = {}
    samples: dict[str, list[float]] = {}
    for repeat in range(repeats):
        for name, count, ms in _events(call, activities, time_us):
            calls[name] = count
            before = samples.setdefault(name, [0.0] * repeats)
            before[repeat] = ms
    found = [Operator(name, calls[name], tuple(times)) for name, times in samples.items()]
    return tuple(sorted(found, key=lambda operator: -statistics.median(operator.samples_ms)))


def _events(
    call: Callable[[], torch.Tensor],
    activities: Sequence[ProfilerActivity],
    time_us: Callable[[Any], float],
) -> Iterator[tuple[str, int, float]]:
    """Yield name, calls and milliseconds of every operator that took time in one call."""
    with torch.no_grad(), profile(activities=list(activities)) as seen:
        call()
    for event in seen.key_averages():
        # kernels stand among the events too; their time is that of the operator that started them
        if event.device_type == DeviceType.CPU and (us := time_us(event)) > 0:
            yield event.key, event.count, us / 1e3
