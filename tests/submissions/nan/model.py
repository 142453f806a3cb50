"""NaN everywhere."""

import torch


class Network(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.interpolate(x, scale_factor=4) * float("nan")
