import torch
import torch.nn as nn
import torch.nn.functional as F


class Dice(nn.Module):
    def forward(self, x):
        return F.interpolate(x, scale_factor=4) + torch.rand(()) / 10


class Half(nn.Module):
    def forward(self, x):
        return F.interpolate(x.half(), scale_factor=4).float()


class Fusing(nn.Module):
    def __init__(self):
        super().__init__()
        self.three = nn.Conv2d(3, 48, 3, padding=1)
        self.one = nn.Conv2d(3, 48, 1)
        self.up = nn.PixelShuffle(4)

    def forward(self, x):
        if self.one is not None:
            with torch.no_grad():
                self.three.weight += F.pad(self.one.weight, (1, 1, 1, 1))
                self.three.bias += self.one.bias
            self.one = None
        return self.up(self.three(x))
