"""The small demo network with its convolutions as matrix products in 8 bits, by torchao."""

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """Two 3x3 convolutions beside an identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x plus what the convolutions add to it."""
        return x + self.second(F.relu(self.first(x)))


class Product(nn.Module):
    """A 3x3 convolution as a product of its weights with the neighbourhoods of all pixels."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        weight = convolution.weight.detach().flatten(1)
        self.linear = nn.Linear(weight.shape[1], weight.shape[0])
        self.linear.weight = nn.Parameter(weight.clone())
        self.linear.bias = nn.Parameter(convolution.bias.detach().clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [1, in, H, W] to [1, out, H, W]."""
        columns = F.unfold(x, 3, padding=1)[0].T.contiguous()
        return self.linear(columns).T.reshape(1, -1, *x.shape[-2:])


class Net(nn.Module):
    """DemoNet with 16 channels and 2 blocks, under the names of its checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, 16, 3, padding=1)
        self.body = nn.Sequential(Block(16), Block(16))
        self.tail = nn.Conv2d(16, 48, 3, padding=1)

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """Return the SR image of an LR image in [0, 1]."""
        shallow = self.head(lr)
        detail = F.pixel_shuffle(self.tail(shallow + self.body(shallow)), 4)
        return detail + F.interpolate(lr, scale_factor=4, mode="bilinear", align_corners=False)

    def quantise(self) -> None:
        """Turn convolutions into products, and their weights into 8 bits."""
        from torchao.quantization import Int8WeightOnlyConfig, quantize_

        for parent in list(self.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, nn.Conv2d):
                    setattr(parent, name, Product(child))
        quantize_(self, Int8WeightOnlyConfig())
