"""Nearest-neighbour upsampling: a network that costs next to nothing."""

import torch


class Nearest(torch.nn.Module):
    """Repeats every pixel four times in both directions."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take [N, 3, h, w] to [N, 3, 4h, 4w]."""
        return torch.nn.functional.interpolate(x, scale_factor=4)
