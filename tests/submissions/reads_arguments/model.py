"""Nearest-neighbour upsampling, by a file that reads a command line when it is imported."""

import argparse

import torch

options = argparse.ArgumentParser()
options.add_argument("--scale", type=int, default=4)
scale = options.parse_args().scale


class Network(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.interpolate(x, scale_factor=scale)
