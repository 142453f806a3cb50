"""Untimed calls until clocks, caches and searches are where they stay."""

import sys

from harness.records import TimingPolicy
from harness.worker.clock.calls import Calls
from harness.worker.devices import Device


class WarmUp:
    """Untimed passes over each image size on perturbed LR, until two in turn agree.

    On a GPU work in a row comes first: two short passes agree at the clocks of an idle GPU too.
    """

    def __init__(self, device: Device, policy: TimingPolicy) -> None:
        self._device, self._policy = device, policy
        self._unsettled: list[str] = []
        self.passes: dict[str, int] = {}  # size -> passes

    def up(self, calls: Calls) -> None:
        """Warm up for the images of one split.

        The pool of a GPU's memory is emptied of what earlier splits and first calls took, and
        filled again by calls that are like the timed ones.
        """
        first: dict[tuple[int, int], int] = {}  # size -> index of its first image
        for index, image in enumerate(calls.images):
            first.setdefault(image.size, index)
        if self._device.is_gpu:
            for index in first.values():
                calls.timed(index, perturbed=True)
            self._device.release()
            _, largest = max(first.items(), key=lambda one: one[0][0] * one[0][1])
            calls.in_a_row(largest, seconds=self._policy.warm_up_seconds, perturbed=True)
        for (height, width), index in first.items():
            name = f"{height}x{width}"
            if name not in self.passes:
                self.passes[name] = self._settle(name, calls, index)
            elif self._device.is_gpu:
                calls.timed(index, perturbed=True)

    def _settle(self, name: str, calls: Calls, index: int) -> int:
        before = calls.timed(index, perturbed=True).ms
        for number in range(2, self._policy.warm_up_passes + 1):
            now = calls.timed(index, perturbed=True).ms
            if abs(now - before) <= self._policy.settled * min(now, before):
                return number
            before = now
        self._unsettled.append(name)
        return self._policy.warm_up_passes

    def flags(self) -> dict[str, str]:
        """Say which sizes never became warm, and how many a compiler was asked for."""
        found = {}
        if self._unsettled:
            sizes = ", ".join(self._unsettled)
            passes, bound = self._policy.warm_up_passes, self._policy.settled
            text = f"no two passes in turn of {passes} agreed within {bound:.0%} on LR {sizes}"
            found["unsettled"] = text
        limit = _recompile_limit()
        if limit is not None and len(self.passes) > limit:
            found["recompile-limit"] = (
                f"torch.compile keeps {limit} versions of a function, and LR is of "
                f"{len(self.passes)} sizes: on some of them the network may run uncompiled; "
                "compile it with dynamic=True, or raise torch._dynamo.config.recompile_limit"
            )
        return found


def _recompile_limit() -> int | None:
    """Return how many versions of a function torch.compile keeps; None where none was compiled."""
    dynamo = sys.modules.get("torch._dynamo")
    if dynamo is None or not dynamo.utils.counters["frames"]["ok"]:
        return None
    config = dynamo.config
    # called cache_size_limit before PyTorch 2.6
    return int(getattr(config, "recompile_limit", None) or config.cache_size_limit)
