"""One network run in other ways, and its operators; in this process."""

import pytest
import torch

from harness.errors import ForwardError
from harness.worker import variants
from harness.worker.devices import select
from harness.worker.loading import Network
from harness.worker.variants import changed

CPU = select("cpu")


class Tripled(torch.nn.Module):
    """Three times the image, twice as large; remembers what it was given."""

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.full((1,), 3.0), requires_grad=False)

    def forward(self, x):
        self.given = x
        return torch.nn.functional.interpolate(x * self.gain, scale_factor=2)


LR = torch.rand(1, 3, 4, 6, generator=torch.Generator().manual_seed(0))
SR = torch.nn.functional.interpolate(LR * 3, scale_factor=2)


@pytest.mark.parametrize("name, dtype", [("float16", torch.half), ("bfloat16", torch.bfloat16)])
def test_a_precision_is_that_of_weights_and_input(name, dtype):
    sr = changed(Network(Tripled(), 2, 1), name, CPU)(LR)
    expected = torch.nn.functional.interpolate(LR.to(dtype) * 3, scale_factor=2)
    assert sr.dtype == dtype
    assert torch.equal(sr, expected)
    assert not torch.equal(sr.float(), SR)


def test_channels_last_reorders_what_the_network_is_given():
    module = Tripled()
    sr = changed(Network(module, 2, 1), "channels_last", CPU)(LR)
    assert module.given.stride() == (72, 1, 18, 3)
    assert torch.equal(sr, SR)


def test_padding_stays_around_the_variant():
    module = Tripled()
    sr = changed(Network(module, 2, 5), "as submitted", CPU)(LR)
    assert module.given.shape == (1, 3, 5, 10)
    assert torch.equal(sr, SR)


def test_a_cuda_graph_on_a_cpu_is_refused_in_one_sentence():
    with pytest.raises(ForwardError, match="needs an NVIDIA GPU"):
        changed(Network(Tripled(), 2, 1), "CUDA graph", CPU)


def test_every_way_that_the_design_names_is_there():
    assert (
        *("as submitted", "float16", "bfloat16"),
        *("channels_last", "torch.compile", "CUDA graph"),
    ) == variants.VARIANTS


def test_operators_are_counted_and_sorted_costliest_first():
    network = Tripled()
    found = CPU.operators(lambda: network(network(network(LR))), repeats=3)
    calls = {operator.name: operator.calls for operator in found}
    assert calls["aten::mul"] == 3
    assert calls["aten::upsample_nearest2d"] == 3
    assert all(len(operator.samples_ms) == 3 for operator in found)
    medians = [sorted(operator.samples_ms)[1] for operator in found]
    assert medians == sorted(medians, reverse=True)
