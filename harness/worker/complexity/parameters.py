"""Parameters of a network."""

import torch
from torch.nn.parameter import is_lazy


def count_parameters(network: torch.nn.Module) -> int:
    """Return the number of elements of `parameters()`, trainable or not; a shared one counts once.

    Networks that fuse their branches at the first forward have fewer afterwards; lazy ones, whose
    parameters have no size before it, more.
    """
    return sum(p.numel() for p in network.parameters() if not is_lazy(p))
