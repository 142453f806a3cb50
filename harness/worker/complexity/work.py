"""Work that counters of multiply-accumulates may not see: what a forward really computes.

All results of operators are counted, element by element, and the processor's time that operators
of PyTorch explain is held to what the whole process spent, other threads and libraries included.
Time is that of processors, which other programs do not lengthen as they do that of a clock. What
an entry prints goes nowhere meanwhile: encoding and writing it would be work, too.
"""

import io
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from harness.records import Work
from harness.worker.complexity.modes import uncompiled
from harness.worker.complexity.results import Results

_REPEATS, _LONG_MS = 3, 1000.0  # of a forward, and from when one tells enough
# what PyTorch defines: other operators are an entry's own, whatever they call
_PYTORCH = ("aten", "prims", "prim", "quantized", "mkldnn", "onednn", "mkl", "sparse", "prepacked")
# bound before any entry's code runs
_process_ns, _thread_ns = time.process_time_ns, time.thread_time_ns


def work(network: Callable[[Tensor], Any], small: Tensor, macs: int) -> Work:
    """Measure forwards of `network` on `small`, for which counters say `macs`.

    It is run without gradients, on one thread of PyTorch, and should have run before. The work of
    a GPU is not in the times, that of launching it is.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad(), redirect_stdout(_Nowhere()), redirect_stderr(_Nowhere()):
            with Results() as results:
                network(small.clone())
            spent = [_spent_ms(network, small)]
            repeats = 1 if spent[0] > _LONG_MS else _REPEATS
            spent += [_spent_ms(network, small) for _ in range(1, repeats)]
            found = [_explained(network, small) for _ in range(repeats)]
    finally:
        torch.set_num_threads(threads)
    return Work(
        pixels=small.shape[-2] * small.shape[-1],
        macs=macs,
        results=results.elements,
        processor_ms=min(spent),
        explained_ms=max(clocked.ms for clocked in found),
        operators=found[0].calls,
    )


class _Nowhere(io.TextIOBase):
    """Takes what is printed, and does nothing with it."""

    def write(self, text: str) -> int:
        return len(text)


def _spent_ms(network: Callable[[Tensor], Any], small: Tensor) -> float:
    given = small.clone()
    began = _process_ns()
    network(given)
    return (_process_ns() - began) / 1e6


def _explained(network: Callable[[Tensor], Any], small: Tensor) -> "_Clocked":
    given, clocked = small.clone(), _Clocked()
    with clocked:
        network(given)
    return clocked


@uncompiled
class _Clocked(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Takes the time of the operators of PyTorch that a forward calls on this thread."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls, self.ms = 0, 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        began = _thread_ns()
        result = func(*args, **(kwargs or {}))
        if func.namespace in _PYTORCH:
            self.calls += 1
            self.ms += (_thread_ns() - began) / 1e6
        return result
