"""A forward that never ends."""

import time

import torch


class Network(torch.nn.Module):
    def forward(self, x):
        while True:
            time.sleep(1)
