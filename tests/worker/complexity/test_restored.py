"""What counters say while an image is restored, and what is restored meanwhile."""

import pytest
import torch
from torch import nn

from harness.records import Complexity, Count
from harness.worker.complexity import Counting, measure, plainly
from harness.worker.loading.network import Network

LR = torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(0))
CONVOLUTION = 3 * 48 * 9  # multiply-accumulates for a pixel


def network(**options):
    module = nn.Sequential(nn.Conv2d(3, 48, 3, padding=1, bias=False), nn.PixelShuffle(4))
    return Network(module.eval().requires_grad_(False), 4, **options)


def counting(network):
    costs = measure(network.module, torch.rand(1, 3, 16, 16))
    return Counting(network, costs, LR, 16 * 16)


@pytest.mark.parametrize("counter", ["torch", "fvcore", "ptflops"])
@pytest.mark.parametrize(
    "options", [{}, {"tile": 16, "tile_overlap": 4}, {"self_ensemble": True}, {"multiple_of": 32}]
)
def test_it_gives_what_the_network_gives_and_counts_for_the_pixels_of_the_cost_image(
    counter, options
):
    plain = network(**options)
    flops, sr = counting(plain)(counter, LR)
    assert flops == CONVOLUTION * 16 * 16
    assert torch.equal(sr, plain(LR))


def test_what_a_network_gives_where_it_is_traced_is_what_comes_back():
    class Two(nn.Module):
        def forward(self, x):
            level = 1.0 if torch.jit.is_tracing() else 0.0
            return torch.zeros(1, 3, 4 * x.shape[2], 4 * x.shape[3]) + level

    told = Counting(Network(Two(), 4), Complexity({"fvcore": Count(0, {}, {})}, 0, 0), LR, 1)
    assert told("fvcore", LR)[1].max() == 1


@pytest.mark.filterwarnings("ignore")  # torch, of its own use of what it deprecates
@pytest.mark.parametrize("form", [torch.jit.script, torch.compile])
def test_a_network_that_is_compiled_is_restored_as_well(form):
    module = form(network().module)
    told = Counting(Network(module, 4), Complexity({"torch": Count(0, {}, {})}, 0, 0), LR, 256)
    with plainly(module):
        flops, sr = told("torch", LR)
    assert flops == CONVOLUTION * 256
    assert sr.shape == (1, 3, 80, 96)


def test_a_counter_without_a_figure_restores_nothing():
    assert counting(network())("graph", LR) is None
