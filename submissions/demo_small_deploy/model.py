"""The small demo network in the form of its training, and how it is folded."""

import torch
import torch.nn.functional as F
from torch import nn


class Branched(nn.Module):
    """A 3x3 convolution and a 1x1 one beside it, which are one 3x3 convolution when folded."""

    def __init__(self, given: int, out: int) -> None:
        super().__init__()
        self.main = nn.Conv2d(given, out, 3, padding=1)
        self.side = nn.Conv2d(given, out, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, given, H, W] to [N, out, H, W]."""
        return self.main(x) + self.side(x)

    def folded(self) -> nn.Conv2d:
        """Return the one convolution that does the same."""
        self.main.weight[..., 1:2, 1:2] += self.side.weight
        self.main.bias += self.side.bias
        return self.main


class Net(nn.Module):
    """Enlarge [N, 3, H, W] fourfold."""

    def __init__(self, channels: int = 16, blocks: int = 2) -> None:
        super().__init__()
        self.head = Branched(3, channels)
        self.first = nn.ModuleList(Branched(channels, channels) for _ in range(blocks))
        self.second = nn.ModuleList(Branched(channels, channels) for _ in range(blocks))
        self.tail = Branched(channels, 48)

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """Return the SR image of an LR image in [0, 1]."""
        shallow = x = self.head(lr)
        for first, second in zip(self.first, self.second, strict=True):
            x = x + second(F.relu(first(x)))
        detail = F.pixel_shuffle(self.tail(shallow + x), 4)
        return detail + F.interpolate(lr, scale_factor=4, mode="bilinear", align_corners=False)

    def switch_to_deploy(self) -> None:
        """Fold every pair of branches."""
        self.head, self.tail = self.head.folded(), self.tail.folded()
        for convolutions in (self.first, self.second):
            for index, branches in enumerate(convolutions):
                convolutions[index] = branches.folded()
