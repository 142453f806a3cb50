"""Parameters of a network."""

import torch


def count_parameters(network: torch.nn.Module) -> int:
    """Return the number of elements of `parameters()`, trainable or not; a shared one counts once.

    Networks that fuse their branches at the first forward have fewer afterwards.
    """
    return sum(parameter.numel() for parameter in network.parameters())
