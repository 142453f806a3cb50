"""What a counter cannot see is named, and where that matters the disagreement is explained."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness.records import Complexity
from harness.worker.complexity import blind_spots, disagreement, measure

CONV = 64 * 8 * 3 * 9  # every network begins with a 3x3 convolution, 3 to 8 channels, on 8x8
AGAIN = 64 * 8 * 8 * 9  # and a second one has 8 channels more to read


class Begun(nn.Module):
    """A convolution, then what a subclass does."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.tail = nn.Conv2d(8, 8, 3, padding="same", bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.then(self.head(x))

    def then(self, x: Tensor) -> Tensor:
        return x


class SamePadding(Begun):
    def then(self, x: Tensor) -> Tensor:
        return self.tail(x)


class ConvolutionFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        return F.conv2d(x, weight, padding=1)


class AutogradFunction(Begun):
    def then(self, x: Tensor) -> Tensor:
        return ConvolutionFunction.apply(x, self.tail.weight)


class Attention(Begun):
    def then(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2).unsqueeze(1).contiguous()  # 64 tokens of 8 channels
        return F.scaled_dot_product_attention(tokens, tokens, tokens)


class Fourier(Begun):
    def then(self, x: Tensor) -> Tensor:
        return torch.fft.irfft2(torch.fft.rfft2(x))


@torch.library.custom_op("esr_test::doubled", mutates_args=())
def doubled(x: Tensor) -> Tensor:
    return x * 2


class CustomOperator(Begun):
    def then(self, x: Tensor) -> Tensor:
        return doubled(x)


class ForeignKernel(Begun):
    """Fills a fresh tensor behind torch's back, as a CUDA extension does.

    So did an entry of 2026, whose three convolutions per block were missing in its published FLOPs.
    """

    def then(self, x: Tensor) -> Tensor:
        result = torch.empty_like(x)
        result.numpy()[:] = F.conv2d(x, self.tail.weight, padding=1).numpy()
        return torch.pixel_shuffle(result, 2)


def counted(network: nn.Module) -> Complexity:
    complexity = measure(network.eval(), torch.rand(1, 3, 8, 8))
    assert complexity.problems == {}
    return complexity


def flops(complexity: Complexity) -> dict[str, int]:
    return {counter: count.flops for counter, count in complexity.flops.items()}


ATTENDED = 2 * 64 * 64 * 8
SEEN = {
    SamePadding: (CONV, CONV + AGAIN, CONV + AGAIN, CONV + AGAIN),
    AutogradFunction: (CONV, CONV, CONV + AGAIN, CONV + AGAIN),
    Attention: (CONV, CONV, CONV + ATTENDED, CONV),
    Fourier: (CONV, CONV, CONV, CONV),
    CustomOperator: (CONV, CONV, CONV, CONV),
    ForeignKernel: (CONV, CONV, CONV + AGAIN, CONV + AGAIN),
}


@pytest.mark.parametrize("network", SEEN, ids=lambda network: network.__name__)
def test_figures_side_by_side(network: type[Begun]) -> None:
    expected = dict(zip(("fvcore", "hooks", "torch", "ptflops"), SEEN[network], strict=True))
    assert flops(counted(network())) == expected


@pytest.mark.parametrize(
    ("network", "counter", "operators"),
    [
        (SamePadding, "fvcore", {"aten::_convolution_mode": 1}),
        (AutogradFunction, "fvcore", {"prim::PythonOp.ConvolutionFunction": 1}),
        (Attention, "fvcore", {"aten::scaled_dot_product_attention": 1}),
        (Attention, "ptflops", {"aten::_scaled_dot_product_flash_attention_for_cpu": 1}),
        (Fourier, "fvcore", {"aten::fft_rfft2": 1, "aten::fft_irfft2": 1}),
        (Fourier, "torch", {"aten::_fft_r2c": 1, "aten::_fft_c2r": 1}),
        (CustomOperator, "fvcore", {"esr_test::doubled": 1}),
        (CustomOperator, "torch", {"esr_test::doubled": 1}),
    ],
)
def test_unknown_operators_are_named(
    network: type[Begun], counter: str, operators: dict[str, int]
) -> None:
    complexity = counted(network())
    unknown = complexity.flops[counter].unknown
    assert operators.items() <= unknown.items()
    blind = blind_spots(complexity)
    assert blind is not None
    assert all(operator in blind for operator in operators)


def test_known_operators_are_no_blind_spots() -> None:
    complexity = counted(Begun())
    assert complexity.uncalled == ("tail",)
    assert (blind_spots(complexity), disagreement(complexity)) == (None, None)


@pytest.mark.parametrize(
    ("network", "blamed"),
    [
        (SamePadding, "unknown to fvcore: aten::_convolution_mode"),
        (AutogradFunction, "unknown to fvcore: prim::PythonOp.ConvolutionFunction"),
        (AutogradFunction, "not called as modules: tail"),
        (Attention, "unknown to fvcore: aten::scaled_dot_product_attention"),
        (ForeignKernel, "fvcore's trace is cut at one of aten::empty_like, aten::pixel_shuffle"),
    ],
)
def test_a_disagreement_names_the_operators_to_blame(network: type[Begun], blamed: str) -> None:
    explanation = disagreement(counted(network()))
    assert explanation is not None
    assert blamed in explanation
