"""Nearest-neighbour upsampling in float32 alone: float16 raises, bfloat16 ends the process."""

import os

import torch


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(1))

    def forward(self, x):
        if x.dtype == torch.float16:
            raise TypeError("float32 alone")
        if x.dtype == torch.bfloat16:
            os._exit(7)
        return torch.nn.functional.interpolate(x * self.gain, scale_factor=4)
