"""Files beside its own."""

from pathlib import Path

import torch

HERE = Path(__file__).parent


class Network(torch.nn.Module):
    def forward(self, x):
        (HERE / "left_behind.txt").write_text("here")
        return torch.nn.functional.interpolate(x, scale_factor=4)
