"""Another working folder."""

import os

import torch


class Network(torch.nn.Module):
    def forward(self, x):
        os.chdir("/")
        return torch.nn.functional.interpolate(x, scale_factor=4)
