"""Is another network when it believes that it is timed."""

from collections import Counter

import torch

SEEN, KEPT = Counter(), {}


def always(x, sr):
    return sr


def tired(x, sr):
    """Save work after more calls than scoring a few images takes."""
    SEEN["calls"] += 1
    return sr if SEEN["calls"] <= 8 else sr * 0.9


def bored(x, sr):
    """Save work on a size that comes for the fourth time."""
    SEEN[x.shape] += 1
    return sr if SEEN[x.shape] <= 3 else sr * 0.9


def remembering(x, sr):
    """Give what was given for an image that looks the same."""
    key = (x.shape, *(x[0].mean((1, 2)) * 255).round().tolist())
    return KEPT.setdefault(key, sr)


def particular(x, sr):
    """Save work on an image that is not scored, by its size, as soon as it comes again and again."""
    SEEN[x.shape] += 1
    return sr * 0.9 if x.shape[-2:] == (20, 24) and SEEN[x.shape] > 3 else sr


def random(x, sr):
    """Differ from call to call, by a level, as atomic additions may."""
    return sr + (torch.rand_like(sr) - 0.5) * 2 / 255


KINDS = {
    "honest": always,
    "saves work after so many calls": tired,
    "saves work on a size it knows": bored,
    "remembers what it has seen": remembering,
    "saves work on images that are not scored": particular,
    "honest, and random": random,
}


class Network(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def forward(self, x):
        return KINDS[self.kind](x, torch.nn.functional.interpolate(x, scale_factor=4))
