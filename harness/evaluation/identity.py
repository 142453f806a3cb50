"""A network that costs nothing: what a call of it takes is what the exchange of its images takes.

The file is an entry's: a worker gets a copy of it, and imports torch alone.
"""

import torch


class Network(torch.nn.Module):
    """Repeats every pixel."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """Map LR to SR, in the memory order of a pixel shuffle's result."""
        return torch.nn.functional.interpolate(lr, scale_factor=self.scale).contiguous()
