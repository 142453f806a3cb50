"""Code where attributes are read: it fails while parameters are counted. Its output is closed."""

import sys

import torch

sys.stdout.close()
sys.stderr.close()


class Network(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.interpolate(x, scale_factor=4)

    def parameters(self, recurse=True):
        raise self.not_there
