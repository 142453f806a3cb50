"""Is a cheaper network where it believes that it is counted."""

import torch
from torch.utils._python_dispatch import _get_current_dispatch_mode


def is_watched(network, x):
    return _get_current_dispatch_mode() is not None


def is_traced(network, x):
    return torch.jit.is_tracing()


def has_hooks(network, x):
    return any(module._forward_hooks for module in network.modules())


def is_cost_image(network, x):
    return x.shape[-2:] == (64, 64)


KINDS = {
    "honest": lambda network, x: False,
    "where operators are watched": is_watched,
    "where it is traced": is_traced,
    "where its modules have hooks": has_hooks,
    "on the size that costs are stated for": is_cost_image,
}


class Network(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.wide, self.narrow = (torch.full((3, 3, side, side), 0.005) for side in (7, 1))

    def forward(self, x):
        kernel = self.narrow if KINDS[self.kind](self, x) else self.wide
        convolved = torch.nn.functional.conv2d(x, kernel, padding=kernel.shape[-1] // 2)
        return torch.nn.functional.interpolate(convolved, scale_factor=4)
