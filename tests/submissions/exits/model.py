"""A forward that ends the process."""

import sys

import torch


class Network(torch.nn.Module):
    def forward(self, x):
        sys.exit(3)
