"""Ten megabytes on standard output."""

import torch


class Network(torch.nn.Module):
    def forward(self, x):
        print("spam " * 2**21)
        return torch.nn.functional.interpolate(x, scale_factor=4)
