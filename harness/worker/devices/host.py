"""Switches that PyTorch keeps on the host, whatever the device."""

import os
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from pathlib import Path

import torch

from harness.records import Switches

# of torch.backends, beside those of the protocol. PyTorch 2.9 has two interfaces to the precision
# of float32: where the newer one was used, the older one refuses to be read.
WATCHED = (
    "fp32_precision",
    "cudnn.fp32_precision",
    "cudnn.conv.fp32_precision",
    "cudnn.rnn.fp32_precision",
    "cuda.matmul.fp32_precision",
    "mkldnn.fp32_precision",
    "mkldnn.conv.fp32_precision",
    "mkldnn.matmul.fp32_precision",
    "cudnn.enabled",
    "cudnn.deterministic",
    "cudnn.benchmark_limit",
    "cuda.matmul.allow_fp16_accumulation",
    "cuda.matmul.allow_fp16_reduced_precision_reduction",
    "cuda.matmul.allow_bf16_reduced_precision_reduction",
)


def apply(switches: Switches) -> None:
    """Set thread count, precision of matrix products, and cuDNN's TF32 and search."""
    torch.set_num_threads(switches.threads or available_cores())
    torch.set_float32_matmul_precision(switches.matmul_precision)
    torch.backends.cudnn.allow_tf32 = switches.cudnn_tf32
    torch.backends.cudnn.benchmark = switches.cudnn_benchmark


def read() -> dict[str, object]:
    """Read all switches as they are now: those of the protocol, then those of `torch.backends`."""
    backends = torch.backends
    found = {
        "threads": torch.get_num_threads(),
        "matmul_precision": _told(torch.get_float32_matmul_precision),
        "cudnn_tf32": _told(lambda: backends.cudnn.allow_tf32),
        "cudnn_benchmark": backends.cudnn.benchmark,
    }
    return found | {name: _told(partial(attrgetter(name), backends)) for name in WATCHED}


def restore(before: dict[str, object]) -> None:
    """Set the watched switches of `torch.backends` back to what `read` found before."""
    now = read()
    for name in WATCHED:
        if now[name] != before[name]:
            owner, _, attribute = name.rpartition(".")
            holder = attrgetter(owner)(torch.backends) if owner else torch.backends
            setattr(holder, attribute, before[name])


def _told(ask: Callable[[], object]) -> object:
    """Return what PyTorch answers; why it does not, where it refuses or knows no such switch."""
    try:
        return ask()
    except AttributeError:
        return None
    except RuntimeError:
        return "mixed interfaces"


def pin() -> None:
    """Bind each thread that helps the first one to a core of its own, where there are as many.

    To be called before anything was computed: those threads are the ones that the first work
    starts. The first thread stays free, and finds the core that is left: what an entry
    starts inherits its cores.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    cores, before = sorted(os.sched_getaffinity(0)), _threads()
    torch.ones(2**20).add_(1)
    helpers = sorted(_threads() - before)
    if len(helpers) < len(cores):
        for thread, core in zip(helpers, cores[1:], strict=False):
            os.sched_setaffinity(thread, {core})


def pinned() -> tuple[int, ...]:
    """Return the cores that threads of this process are bound to, each to one alone."""
    if not hasattr(os, "sched_getaffinity"):
        return ()
    bound = [os.sched_getaffinity(thread) for thread in _threads()]
    return tuple(sorted(core for cores in bound if len(cores) == 1 for core in cores))


def _threads() -> set[int]:
    """Return the ids of this process's threads (proc(5)); the first one has the process's."""
    return {int(task.name) for task in Path("/proc/self/task").iterdir()}


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
