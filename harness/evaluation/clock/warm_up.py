"""Untimed calls until clocks, caches and searches are where they stay."""

from harness.evaluation.clock.calls import Calls
from harness.records import TimingPolicy
from harness.worker.devices import Device


class WarmUp:
    """Untimed passes over each image size on perturbed LR; until two in turn agree, on a GPU.

    On a GPU work in a row comes first: two short passes agree at the clocks of an idle GPU too.
    """

    def __init__(self, device: type[Device], policy: TimingPolicy) -> None:
        self._device, self._policy = device, policy
        self._unsettled: list[str] = []
        self.passes: dict[str, int] = {}  # size -> passes

    def up(self, calls: Calls) -> None:
        """Warm up for the images of one split.

        A CPU keeps little of a size: one pass over each, and the largest until two agree. The
        pool of a GPU's memory is emptied of what earlier splits and first calls took, and filled
        again by calls that are like the timed ones.
        """
        first: dict[tuple[int, int], int] = {}  # size -> index of its first image
        for index, image in enumerate(calls.images):
            first.setdefault(image.size, index)
        largest = max(first, key=lambda size: size[0] * size[1])
        new = {size: 0.0 for size in first if _name(size) not in self.passes}
        for size in new:
            new[size] = calls.timed(first[size], perturbed=True).ms
            self.passes[_name(size)] = 1
        if not self._device.is_gpu:
            if largest in new:
                self._settle(largest, calls, first[largest], new[largest])
            return
        calls.caller.release()
        calls.in_a_row(first[largest], seconds=self._policy.warm_up_seconds, perturbed=True)
        for size, index in first.items():
            if size in new:
                self._settle(size, calls, index, new[size])
            else:
                calls.timed(index, perturbed=True)

    def _settle(self, size: tuple[int, int], calls: Calls, index: int, before: float) -> None:
        while self.passes[_name(size)] < self._policy.warm_up_passes:
            now = calls.timed(index, perturbed=True).ms
            self.passes[_name(size)] += 1
            if abs(now - before) <= self._policy.settled * min(now, before):
                return
            before = now
        self._unsettled.append(_name(size))

    def flags(self) -> dict[str, str]:
        """Say which sizes never became warm."""
        found = {}
        if self._unsettled:
            sizes = ", ".join(self._unsettled)
            passes, bound = self._policy.warm_up_passes, self._policy.settled
            text = f"no two passes in turn of {passes} agreed within {bound:.0%} on LR {sizes}"
            found["unsettled"] = text
        return found


def _name(size: tuple[int, int]) -> str:
    height, width = size
    return f"{height}x{width}"
