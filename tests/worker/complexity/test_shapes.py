"""Large networks are counted on shapes alone, to the same figures, where shapes suffice."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness.worker.complexity import measure, measure_affordably
from harness.worker.complexity.results import Results

SMALL, INPUT = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 16, 24)
HEAD, TAIL = 16 * 24 * 3 * 8 * 9, 16 * 24 * 8 * 12 * 9  # 3x3 on 16x24, 3 to 8 and 8 to 12


class Plain(nn.Module):
    """A little of what the counters treat in ways of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.LayerNorm(8)
        self.tail = nn.Conv2d(8, 12, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.head(x).relu_().movedim(1, -1)).movedim(-1, 1)
        return F.pixel_shuffle(self.tail(y), 2) + F.interpolate(x, scale_factor=2, mode="bilinear")


class Grouped(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.tail.padding = "same"  # which fvcore does not see through
        self.up = nn.ConvTranspose2d(3, 6, 4, stride=2, padding=1, groups=3)

    def forward(self, x: Tensor) -> Tensor:
        pooled = F.adaptive_avg_pool2d(self.up(x), 1)
        return super().forward(x) * torch.einsum("bchw,bdhw->bdc", pooled, pooled).mean()


class Attending(Plain):
    """fvcore sees nothing in fused attention, on shapes or not."""

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.head(x).flatten(2).transpose(1, 2).unsqueeze(1).contiguous()
        attended = F.scaled_dot_product_attention(tokens, tokens, tokens)
        return super().forward(x) * attended.mean()


class LooksAtPixels(Plain):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if x.mean() < 2 else x


class ShirksOnShapes(Plain):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.is_meta else super().forward(x)


@pytest.fixture
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.worker.complexity.measurement.LARGE", 0)


@pytest.mark.usefixtures("everything_is_large")
@pytest.mark.parametrize(
    ("kind", "convolutions"), [(Plain, HEAD + TAIL), (Grouped, HEAD + 16 * 24 * 3 * 2 * 16)]
)
def test_shapes_give_every_count_of_a_real_run(kind: type[nn.Module], convolutions: int) -> None:
    network = kind().eval()
    real = measure(network, INPUT)
    assert real.problems == {}
    assert real.flops["fvcore"].by_operator["conv"] == convolutions
    assert measure_affordably(network, SMALL, INPUT)[0] == replace(real, on_shapes=True)


@pytest.mark.usefixtures("everything_is_large")
def test_fused_attention_on_shapes_differs_for_one_counter_alone() -> None:
    network = Attending().eval()
    real, shapes = measure(network, INPUT), measure_affordably(network, SMALL, INPUT)[0]
    assert shapes.on_shapes
    assert shapes.flops["fvcore"] == real.flops["fvcore"]
    assert "aten::scaled_dot_product_attention" in shapes.flops["fvcore"].unknown
    assert shapes.flops["torch"].flops == real.flops["torch"].flops
    assert shapes.flops["ptflops"].flops > real.flops["ptflops"].flops


@pytest.mark.usefixtures("everything_is_large")
@pytest.mark.parametrize("kind", [LooksAtPixels, ShirksOnShapes])
def test_what_shapes_cannot_count_is_run_for_real(kind: type[nn.Module]) -> None:
    network = kind().eval()
    assert measure_affordably(network, SMALL, INPUT)[0] == measure(network, INPUT)


def test_large_is_predicted_from_the_small_image(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Plain().eval()
    for bound, on_shapes in ((HEAD + TAIL, True), (HEAD + TAIL + 1, False)):
        monkeypatch.setattr("harness.worker.complexity.measurement.LARGE", bound)
        assert measure_affordably(network, SMALL, INPUT)[0].on_shapes is on_shapes


def test_what_a_trace_would_hold_is_predicted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Plain().eval()
    with torch.no_grad(), Results() as results:
        network(SMALL)
    held = results.bytes * INPUT.numel() // SMALL.numel()
    for bound, on_shapes in ((held, True), (held + 1, False)):
        monkeypatch.setattr("harness.worker.complexity.measurement.HELD", bound)
        assert measure_affordably(network, SMALL, INPUT)[0].on_shapes is on_shapes


@pytest.mark.usefixtures("everything_is_large")
def test_a_trace_that_holds_too_much_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.worker.complexity.measurement.HELD_AT_MOST", 0)
    complexity, _ = measure_affordably(LooksAtPixels().eval(), SMALL, INPUT)
    assert complexity.problems["fvcore"].startswith("MemoryError: its trace holds about 0 GiB")
    assert complexity.flops.keys() == {"hooks", "torch", "ptflops"}


@pytest.mark.usefixtures("everything_is_large")
def test_the_network_keeps_its_weights_and_its_device() -> None:
    network = Plain().eval()
    before = network(INPUT)
    measure_affordably(network, SMALL, INPUT)
    assert torch.equal(network(INPUT), before)
