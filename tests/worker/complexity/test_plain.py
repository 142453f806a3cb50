"""Compiled modules and fused layers are counted as what they compute, and left as they were."""

import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness.worker.complexity import blind_spots, measure
from tests.support.places import ROOT

H, W = 6, 10
FLOPS = H * W * 9 * (3 * 8 + 8 * 12)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.tail = nn.Conv2d(8, 12, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.tail(torch.relu(self.head(x))), 2)


def refuse(*_: object) -> None:
    raise AssertionError("nothing is compiled while counting")


class Decorated(Net):
    @torch.compile(backend=refuse)
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)


def in_place() -> nn.Module:
    network = Net()
    network.compile(backend=refuse)
    return network


def in_part() -> nn.Module:
    network = Net()
    network.head = torch.compile(network.head, backend=refuse)
    return network


def forward_alone() -> nn.Module:
    network = Net()
    network.forward = torch.compile(network.forward, backend=refuse)
    return network


@pytest.mark.filterwarnings("ignore:Using `torch.compile")  # on hooks, which fire once here
@pytest.mark.parametrize(
    "make",
    [lambda: torch.compile(Net(), backend=refuse), in_place, in_part, forward_alone],
    ids=["whole", "in place", "in part", "forward"],
)
def test_what_is_compiled_is_counted_through_its_original(make: Callable[[], nn.Module]) -> None:
    network = make().eval()
    before = [dict(vars(module)) for module in network.modules()]
    complexity = measure(network, torch.rand(1, 3, H, W))
    assert complexity.problems == {}
    assert {count.flops for count in complexity.flops.values()} == {FLOPS}
    assert (complexity.activations, complexity.num_conv) == (H * W * 20, 2)
    assert [dict(vars(module)) for module in network.modules()] == before


def test_a_decorated_forward_is_run_as_it_was_written() -> None:
    complexity = measure(Decorated().eval(), torch.rand(1, 3, H, W))
    assert complexity.problems == {}
    assert {count.flops for count in complexity.flops.values()} == {FLOPS}


class Tokens(nn.Module):
    """One layer of a transformer over the pixels of an image of 8 channels."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        if isinstance(self.layer, nn.MultiheadAttention):
            return self.layer(tokens, tokens, tokens, need_weights=False)[0]
        return self.layer(tokens)


PROJECTIONS, ATTENDED = H * W * 8 * 8 * 4, 2 * (H * W) ** 2 * 8


@pytest.mark.parametrize(
    ("layer", "linear"),
    [
        (nn.MultiheadAttention(8, 2, batch_first=True), PROJECTIONS),
        (
            nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
            PROJECTIONS + 2 * H * W * 8 * 16,
        ),
    ],
)
def test_a_fused_layer_shows_its_products_and_what_stays_hidden(
    layer: nn.Module, linear: int
) -> None:
    network = Tokens(layer).eval().requires_grad_(False)
    complexity = measure(network, torch.rand(1, 8, H, W))
    assert complexity.flops["fvcore"].by_operator["linear"] == linear
    assert complexity.flops["torch"].flops == linear + ATTENDED
    blind = blind_spots(complexity)
    assert blind is not None
    assert "unknown to fvcore: aten::scaled_dot_product_attention" in blind
    assert torch.backends.mha.get_fastpath_enabled()


ALONE = """
import sys
import torch
from torch import nn
from harness.worker.complexity import measure_affordably

def refuse(*_):
    raise AssertionError("nothing is compiled while counting")

class Late(nn.Conv2d):
    def forward(self, x):
        return torch.compile(super().forward, backend=refuse)(x)

image = torch.rand(1, 3, 8, 8)
for kind in (nn.Conv2d, Late):
    counted, _ = measure_affordably(kind(3, 12, 3, bias=False).eval(), image, image)
    print(counted.flops["torch"].flops, "torch._dynamo" in sys.modules)
"""


def test_the_compiler_is_not_imported_to_count_and_compiles_nothing_if_a_forward_asks_it() -> None:
    made = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ALONE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    flops = 6 * 6 * 9 * 3 * 12
    assert made.stdout.splitlines() == [f"{flops} False", f"{flops} True"], made.stderr
