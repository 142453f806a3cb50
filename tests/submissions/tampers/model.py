"""Replaces the clock, leaves a thread running, and is another network at every call."""

import threading
import time

import torch

time.perf_counter_ns = lambda: 0
threading.Thread(target=time.sleep, args=(600,), name="lingers").start()


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return torch.nn.functional.interpolate(x, scale_factor=4) * (0.9 - 0.02 * self.calls)
