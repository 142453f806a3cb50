"""Parameters of a network."""

import torch

from harness.worker.complexity.learnt import learnt


def count_parameters(network: torch.nn.Module) -> int:
    """Return the number of elements of `parameters()`, trainable or not; a shared one counts once.

    Networks that fuse their branches at the first forward have fewer afterwards; lazy ones, whose
    parameters have no size before it, more. What quantised modules keep out of `parameters()` is
    counted as that of the network that they were made from.
    """
    return sum(one.value.numel() for one in learnt(network))
