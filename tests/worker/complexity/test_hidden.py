"""Entries that hide weights or work, loaded as a pass does: what is seen of each."""

import importlib.util

import pytest
import torch

from harness.worker.complexity import Holdings, work
from harness.worker.complexity.measurement import measure
from harness.worker.loading.network import Network
from tests.support import hostile

WEIGHTS = {
    "in a buffer": "buffers",
    "in a closure": "tensors",
    "in a global": "tensors",
    "in numpy": "arrays",
    "in an array of its own kind": "arrays",
    "in bytes": "bytes",
    "in python s numbers": "numbers",
    "in the bits of integers": "tensors",
    "on another module": "tensors",
}
WORK = ["in numpy", "in a thread", "in an operator", "in machine code"]
SMALL = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def loaded(kind):
    """Return a fresh module's network of that kind, and what was held before."""
    holdings = Holdings()
    file = hostile.HOSTILE / "hides" / "model.py"
    spec = importlib.util.spec_from_file_location("hides", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.Network(kind).eval().requires_grad_(False)
    network(SMALL)
    return module, network, holdings


@pytest.mark.parametrize("kind", WEIGHTS)
def test_weights_are_found_wherever_they_lie(kind):
    _kept, network, holdings = loaded(kind)
    held = holdings.beside(network, [SMALL])
    assert 10_000 <= held[WEIGHTS[kind]] < 10_100


def test_a_small_parameter_of_a_large_storage_counts_whole():
    _kept, network, holdings = loaded("behind a small parameter")
    assert holdings.beside(network, [SMALL])["tensors"] == 9_999


def test_statistics_masks_and_indices_are_no_weights():
    holdings = Holdings()
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8))
    network.register_buffer("mask", torch.zeros(5000).index_fill(0, torch.tensor([3]), -100.0))
    network.register_buffer("index", torch.arange(5000))
    held = holdings.beside(network, [])
    assert held.keys() <= {"numbers"}
    assert holdings.beside(network, [torch.nn.Conv2d(30, 30, 3)]).keys() <= {"numbers"}


@pytest.mark.parametrize("kind", WORK)
def test_work_outside_pytorch_s_operators_is_not_explained(kind):
    _, network, _ = loaded(f"work {kind}")
    found = seen(network)
    assert found.explained_ms < found.processor_ms / 2


def test_work_by_element_is_counted_as_results():
    _, network, _ = loaded("work by element")
    # 27 products and sums for each of 48 channels, and the output's sum
    assert seen(network).results >= 27 * 2 * 48 * 64 * 64


def test_an_honest_network_is_explained():
    _, network, _ = loaded("nothing")
    found = seen(network)
    assert (found.pixels, found.operators) == (64 * 64, 3)
    assert found.results == 48 * 64 * 64 * 2  # the convolution and what is added
    assert found.macs == 3 * 9 * 48 * 64 * 64


def test_what_is_printed_is_no_work(capsys):
    class Loud(torch.nn.Module):
        def forward(self, x):
            print("spam " * 2**21)
            return torch.nn.functional.interpolate(x, scale_factor=4)

    work(Network(Loud(), 4), SMALL, 0)
    assert capsys.readouterr() == ("", "")


def seen(network):
    counts = measure(network, SMALL).flops.values()
    return work(Network(network, 4), SMALL, max(count.flops for count in counts))
