"""Own methods of a module that return nothing, as older code bases write them."""

import torch


class Network(torch.nn.Module):
    def train(self, mode=True):
        super().train(mode)

    def eval(self):
        super().eval()

    def to(self, *places):
        super().to(*places)

    def __repr__(self):
        return None

    def forward(self, x):
        return torch.nn.functional.interpolate(x, scale_factor=4)
