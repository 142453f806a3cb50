"""Tiny networks counted by hand: every figure below is written out as what is multiplied.

Positions first, then output channels, input channels (of a group) and kernel.
"""

from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness.records import Complexity
from harness.worker.complexity import count_parameters, measure


class Expected(NamedTuple):
    fvcore: int
    hooks: int
    torch: int
    ptflops: int
    activations: int = 0
    num_conv: int = 0


def flops(complexity: Complexity) -> dict[str, int]:
    return {counter: count.flops for counter, count in complexity.flops.items()}


def counted(network: nn.Module, *shape: int) -> Complexity:
    return measure(network.eval(), torch.rand(shape))


CONV = 35 * 8 * 3 * 9  # 3x3, 3 to 8 channels, on 5x7
GROUPED = 12 * 8 * 2 * 9  # two groups, stride 2: 6x8 to 3x4
DEPTHWISE = 35 * 4 * 1 * 9
TRANSPOSED = 5 * 3 * 16  # 4x4 kernel, per position
BATCH_NORM = 3 * 35

CASES = {
    "convolution": (
        nn.Conv2d(3, 8, 3, padding=1),
        (1, 3, 5, 7),
        Expected(CONV, CONV, CONV, CONV + 8 * 35, 8 * 35, 1),
    ),
    "convolution without bias": (
        nn.Conv2d(3, 8, 3, padding=1, bias=False),
        (1, 3, 5, 7),
        Expected(CONV, CONV, CONV, CONV, 8 * 35, 1),
    ),
    "batch of two": (
        nn.Conv2d(3, 8, 3, padding=1, bias=False),
        (2, 3, 5, 7),
        Expected(2 * CONV, 2 * CONV, 2 * CONV, 2 * CONV, 2 * 8 * 35, 1),
    ),
    "groups": (
        nn.Conv2d(4, 8, 3, stride=2, padding=1, groups=2, bias=False),
        (1, 4, 6, 8),
        Expected(GROUPED, GROUPED, GROUPED, GROUPED, 8 * 12, 1),
    ),
    "depthwise": (
        nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False),
        (1, 4, 5, 7),
        Expected(DEPTHWISE, DEPTHWISE, DEPTHWISE, DEPTHWISE, 4 * 35, 1),
    ),
    # 5x7 positions go in, 10x14 come out; only the hooks count the latter.
    "transposed": (
        nn.ConvTranspose2d(3, 5, 4, stride=2, padding=1, bias=False),
        (1, 3, 5, 7),
        Expected(35 * TRANSPOSED, 140 * TRANSPOSED, 35 * TRANSPOSED, 35 * TRANSPOSED, 5 * 140, 1),
    ),
    "linear on vectors": (nn.Linear(3, 4, bias=False), (2, 3), Expected(24, 24, 24, 24)),
    "linear on one vector": (nn.Linear(3, 4, bias=False), (3,), Expected(12, 12, 12, 12)),
    # The hooks take the second dimension for the channels: 6 tokens in and out, then 5 rows.
    "linear on tokens": (
        nn.Linear(3, 4, bias=False),
        (1, 6, 3),
        Expected(6 * 3 * 4, 6 * 6, 6 * 3 * 4, 6 * 3 * 4),
    ),
    "linear on an image": (
        nn.Linear(3, 4, bias=False),
        (1, 5, 7, 3),
        Expected(35 * 3 * 4, 5 * 5, 35 * 3 * 4, 35 * 3 * 4),
    ),
    "batch normalisation": (
        nn.BatchNorm2d(3),
        (1, 3, 5, 7),
        Expected(2 * BATCH_NORM, 2 * BATCH_NORM, 0, 0),
    ),
    "batch normalisation, not affine": (
        nn.BatchNorm2d(3, affine=False),
        (1, 3, 5, 7),
        Expected(BATCH_NORM, BATCH_NORM, 0, 0),
    ),
    "layer normalisation": (nn.LayerNorm(7), (1, 3, 5, 7), Expected(5 * 105, 0, 0, 0)),
    "bilinear resizing": (
        nn.UpsamplingBilinear2d(scale_factor=2),
        (1, 3, 5, 7),
        Expected(4 * 420, 0, 0, 0),
    ),
    **{
        type(rectifier).__name__: (rectifier, (1, 3, 5, 7), Expected(0, 105, 0, 0))
        for rectifier in (nn.ReLU(), nn.PReLU(), nn.ELU(), nn.LeakyReLU(), nn.ReLU6())
    },
    "other activations": (
        nn.Sequential(nn.GELU(), nn.SiLU(), nn.Sigmoid(), nn.Hardtanh()),
        (1, 3, 5, 7),
        Expected(0, 0, 0, 0),
    ),
}


@pytest.mark.parametrize(("network", "shape", "expected"), CASES.values(), ids=CASES)
def test_layers_by_hand(network: nn.Module, shape: tuple[int, ...], expected: Expected) -> None:
    complexity = counted(network, *shape)
    assert complexity.problems == {}
    figures = Expected(
        **flops(complexity),
        activations=complexity.activations,
        num_conv=complexity.num_conv,
    )
    assert figures == expected


class Recursive(nn.Module):
    """Calls a grouped convolution three times, and ends in a transposed one."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, 12, 5, padding=2)
        self.body = nn.Conv2d(12, 12, 3, padding=1, groups=4)
        self.tail = nn.ConvTranspose2d(12, 3, 9, stride=4, padding=4, output_padding=3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.head(x)
        for _ in range(3):
            h = self.body(h)
        return self.tail(h)


def test_a_convolution_that_is_called_again_counts_again_and_its_parameters_once() -> None:
    network = Recursive()
    complexity = counted(network, 1, 3, 64, 64)
    head, body, tail = 4096 * 12 * 3 * 25, 4096 * 12 * 3 * 9, 4096 * 3 * 12 * 81
    whole = head + 3 * body + tail
    assert whole == 19_611_648
    biases = 4 * 12 * 4096 + 3 * 16 * 4096
    given = {"fvcore": whole, "torch": whole, "ptflops": whole + biases}
    assert flops(complexity) == given | {"hooks": head + 3 * body + 16 * tail}
    assert (complexity.activations, complexity.num_conv) == (biases, 5)
    assert count_parameters(network) == 12 * 75 + 12 + 12 * 27 + 12 + 36 * 81 + 3


class SharedConvolution(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 3, 3, padding=1, bias=False)
        self.again = self.first

    def forward(self, x: Tensor) -> Tensor:
        return self.again(self.first(x))


def test_a_shared_module_counts_per_call_and_its_parameters_once() -> None:
    network = SharedConvolution()
    complexity = counted(network, 1, 3, 5, 7)
    assert set(flops(complexity).values()) == {2 * 35 * 3 * 3 * 9}
    assert (complexity.activations, complexity.num_conv) == (2 * 105, 2)
    assert count_parameters(network) == 3 * 3 * 9


class FunctionalConvolution(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.conv.weight, padding=1)


def test_hooks_see_no_functional_call() -> None:
    complexity = counted(FunctionalConvolution(), 1, 3, 5, 7)
    assert flops(complexity) == {"fvcore": CONV, "hooks": 0, "torch": CONV, "ptflops": CONV}
    assert (complexity.activations, complexity.num_conv) == (0, 0)
    assert complexity.uncalled == ("conv",)


class WideConvolution(nn.Conv2d):
    """A class of a team's own that is a convolution."""


def test_derived_modules_count_as_what_they_derive_from() -> None:
    complexity = counted(WideConvolution(3, 8, 3, padding=1), 1, 3, 5, 7)
    assert complexity.flops["hooks"].by_operator == {"Conv2d": CONV}


def test_operators_are_named_with_their_share() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Sigmoid(), nn.Linear(7, 2, bias=False)
    )
    counts = counted(network, 1, 3, 5, 7).flops
    norm, linear = 2 * 8 * 35, 8 * 5 * 7 * 2
    assert counts["fvcore"].by_operator == {"conv": CONV, "batch_norm": norm, "linear": linear}
    assert counts["fvcore"].unknown == {"aten::sigmoid": 1}
    assert counts["hooks"].by_operator == {"Conv2d": CONV, "BatchNorm2d": norm, "Linear": 8 * 8}
    assert counts["hooks"].unknown == {"Sigmoid": 1}
    assert counts["torch"].by_operator == {"aten::convolution": CONV, "aten::mm": linear}
    assert counts["torch"].unknown["aten::sigmoid"] == 1
    assert counts["ptflops"].by_operator == {
        "aten::convolution": CONV + 8 * 35,
        "aten::mm": linear,
    }


def test_parameters_count_trainable_or_not() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.PReLU(8))
    network[0].requires_grad_(False)
    assert count_parameters(network) == (8 * 3 * 9 + 8) + (8 + 8) + 8
