"""One convolution that wants a checkpoint."""

import torch


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body = torch.nn.Conv2d(3, 48, 3, padding=1)

    def forward(self, x):
        return torch.nn.functional.pixel_shuffle(self.body(x), 4)
