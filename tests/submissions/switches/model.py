"""Changes what the protocol sets."""

import torch

torch.set_num_threads(7)
torch.backends.cudnn.benchmark = True


class Network(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.interpolate(x, scale_factor=4)
