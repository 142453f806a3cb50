"""Switches that PyTorch keeps on the host, whatever the device."""

import os

import torch

from harness.records import Switches


def apply(switches: Switches) -> None:
    """Set thread count, precision of matrix products, and cuDNN's TF32 and search."""
    torch.set_num_threads(switches.threads or available_cores())
    torch.set_float32_matmul_precision(switches.matmul_precision)
    torch.backends.cudnn.allow_tf32 = switches.cudnn_tf32
    torch.backends.cudnn.benchmark = switches.cudnn_benchmark


def read(applied: Switches) -> Switches:
    """Read the switches back; `applied` tells whether the thread count was left open."""
    threads = torch.get_num_threads()
    return Switches(
        cudnn_benchmark=torch.backends.cudnn.benchmark,
        cudnn_tf32=torch.backends.cudnn.allow_tf32,
        matmul_precision=torch.get_float32_matmul_precision(),  # type: ignore[arg-type]
        threads=applied.threads if threads == (applied.threads or available_cores()) else threads,
    )


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
