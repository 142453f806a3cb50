"""The small demo network with its convolutions in 8 bits, by the eager mode of torch.ao."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.ao import quantization

ENGINE = "x86"  # of the kernels, and of how weights are kept


class Net(nn.Module):
    """DemoNet with 16 channels and 2 blocks; it adds and enlarges in floating point."""

    def __init__(self) -> None:
        super().__init__()

        def convolution(given: int, out: int) -> nn.Module:
            return quantization.QuantWrapper(nn.Conv2d(given, out, 3, padding=1))

        self.head = convolution(3, 16)
        self.first = nn.ModuleList(convolution(16, 16) for _ in range(2))
        self.second = nn.ModuleList(convolution(16, 16) for _ in range(2))
        self.tail = convolution(16, 48)

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """Return the SR image of an LR image in [0, 1]."""
        shallow = x = self.head(lr)
        for first, second in zip(self.first, self.second, strict=True):
            x = x + second(F.relu(first(x)))
        detail = F.pixel_shuffle(self.tail(shallow + x), 4)
        return detail + F.interpolate(lr, scale_factor=4, mode="bilinear", align_corners=False)


def prepared() -> nn.Module:
    """Return the float network, to be given its weights and images to calibrate on."""
    network = Net().eval()
    network.qconfig = quantization.get_default_qconfig(ENGINE)
    return quantization.prepare(network)


def quantised() -> nn.Module:
    """Return the network in 8 bits, to be given the checkpoint of one that was calibrated."""
    torch.backends.quantized.engine = ENGINE
    return quantization.convert(prepared())
