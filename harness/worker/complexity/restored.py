"""What counters say of a network while it restores an image.

An entry that sees that it is counted may run another network there. So ordinary images are restored
while they are counted, each counter's in a forward like that of the cost image, and what comes out
can be held to what the network gives where nothing is counted.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from harness.records import Complexity, Count
from harness.worker.complexity.hooks import recorded
from harness.worker.complexity.measurement import HELD_AT_MOST, held, with_same_draws
from harness.worker.complexity.operators import (
    fvcore_analysis,
    fvcore_count,
    ptflops_count,
    torch_count,
)
from harness.worker.complexity.programs import count_program
from harness.worker.loading.network import Network, forward
from harness.worker.loading.programs import Program


class Counting:
    """Counts what images cost by the counters that have a figure of the cost image."""

    def __init__(self, network: Network, counted: Complexity, small: Tensor, pixels: int) -> None:
        """Count `network`, of which a cost image of so many `pixels` was `counted`.

        `small` is an image that it takes, [1, 3, h, w].
        """
        self._network, self._counters = network, counted.flops.keys()
        self._small, self._pixels = small, pixels

    def __call__(self, counter: str, lr: Tensor) -> tuple[int, Tensor] | None:
        """Restore `lr`, [1, 3, h, w], while `counter` counts. Raises ForwardError.

        Returns the FLOPs, for as many pixels as the cost image has, and the SR image; None where
        the counter has no figure of the cost image, or where a trace would be too large.
        """
        module, small = self._network.module, self._network.given(self._small)
        if counter not in self._counters:
            return None
        if counter == "fvcore" and held(module, small, lr) > HELD_AT_MOST:
            return None
        counted: Any = _Counted(module, _COUNTS[counter])
        sr = forward(replace(self._network, module=counted), lr)
        return counted.flops * self._pixels // counted.pixels, sr


class _Counted:
    """Stands in for a network's module: gives what it gives while it is counted."""

    def __init__(self, module: nn.Module, count: Callable[[nn.Module, Tensor], Count]) -> None:
        self._module, self._count = _Kept(module), count
        self.flops = self.pixels = 0  # of all calls

    def __call__(self, given: Tensor) -> Any:
        self.flops += with_same_draws(self._count, self._module, given).flops
        self.pixels += given[0, 0].numel()
        return self._module.output


class _Kept(nn.Module):
    """Calls a module, and keeps what it returned."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.output: Any = None

    def forward(self, given: Tensor) -> Any:
        """Return what the module does."""
        self.output = self.module(given)
        return self.output


def _by_torch(network: nn.Module, input: Tensor) -> Count:
    with recorded(network):
        return torch_count(network, input)


def _by_fvcore(network: nn.Module, input: Tensor) -> Count:
    return fvcore_count(fvcore_analysis(network, input))


def _on_graph(network: nn.Module, input: Tensor) -> Count:
    module = getattr(network, "module", None)
    if isinstance(module, Program) and module.graph is not None:  # which is read, and not called
        network(input.clone())
        return count_program(module, input).flops["graph"]
    return count_program(network, input).flops["graph"]


_COUNTS: dict[str, Callable[[nn.Module, Tensor], Count]] = {
    "torch": _by_torch,
    "fvcore": _by_fvcore,
    "ptflops": ptflops_count,
    "graph": _on_graph,
}
