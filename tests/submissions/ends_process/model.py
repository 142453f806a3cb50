"""A forward that ends the process, past all handlers."""

import os

import torch


class Network(torch.nn.Module):
    def forward(self, x):
        os._exit(3)
