"""Networks whose cost depends on the image or on draws: counted on the official input, flagged."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness.worker.complexity import measure, measure_affordably
from tests.support import manifests, tiny

H, W = 12, 16
SMOOTH = torch.linspace(0, 0.4, H * W).expand(1, 3, -1).reshape(1, 3, H, W)
NOISE = torch.rand(1, 3, H, W, generator=torch.Generator().manual_seed(1))


class Bright(nn.Module):
    """Works on the pixels alone that are brighter than a half, as a router of tokens does."""

    def __init__(self) -> None:
        super().__init__()
        self.expert = nn.Linear(3, 3, bias=False)
        self.forwards = 0

    def chosen(self, x: Tensor) -> Tensor:
        return x.mean(1).flatten() > 0.5

    def forward(self, x: Tensor) -> Tensor:
        self.forwards += 1
        pixels = x.movedim(1, -1).reshape(-1, 3)
        places = self.chosen(x).nonzero().flatten()
        worked = pixels.index_copy(0, places, self.expert(pixels[places]))
        return F.interpolate(worked.view(1, *x.shape[-2:], 3).movedim(-1, 1), scale_factor=2.0)


class Drawn(Bright):
    """Chooses by lot."""

    def chosen(self, x: Tensor) -> Tensor:
        return torch.rand(x[0, 0].numel()) > 0.5


def bright(image: Tensor) -> int:
    return 9 * int((image.mean(1) > 0.5).sum())


def test_the_cost_is_that_of_the_input_and_its_dependence_is_told() -> None:
    photograph = NOISE.clamp(0.4, 0.9)
    complexity, _ = measure_affordably(Bright().eval(), SMOOTH, NOISE, [photograph])
    assert complexity.flops["torch"].flops == complexity.flops["ptflops"].flops == bright(NOISE)
    assert complexity.flops["fvcore"].by_operator["linear"] == bright(NOISE)
    noise = complexity.by_content.pop("noise")
    assert complexity.by_content == {"smooth": 0, "photograph 1": bright(photograph)}
    assert noise > 9 * H * W // 4
    assert measure_affordably(nn.Conv2d(3, 8, 3), SMOOTH, NOISE, [NOISE])[0].by_content == {}


def test_every_counter_sees_the_same_draws() -> None:
    complexity = measure(Drawn().eval(), NOISE)
    torch.manual_seed(0)
    drawn = 9 * int((torch.rand(H * W) > 0.5).sum())
    assert complexity.flops["torch"].flops == complexity.flops["ptflops"].flops == drawn
    assert complexity.flops["fvcore"].by_operator["linear"] == drawn


@pytest.mark.parametrize("network", [Bright(), Drawn()])
def test_a_network_is_counted_in_three_forwards(network: Bright) -> None:
    measure(network.eval(), NOISE)
    assert network.forwards == 3


ENTRY = """
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.drawn = torch.randn(7)
        def forward(self, x):
            up = nn.functional.interpolate(x, scale_factor=4.0)
            bright = (x.mean(1).flatten() > 0.5).nonzero()
            return up + 0 * (bright.float() @ torch.ones(1, 1)).sum()
"""


@pytest.mark.heavy
def test_the_input_is_uniform_noise_whatever_the_network_drew(tmp_path) -> None:
    lines = [line[4:] for line in ENTRY.splitlines()]
    folder = manifests.write(tmp_path / "entry", model="\n".join(lines))
    data = tiny.write_data(tmp_path / "data")
    run, _ = tiny.run(tmp_path / "out", data, [folder], edition=tiny.untimed())
    (entry,) = run.entries
    torch.manual_seed(0)
    image = torch.rand(1, 3, *run.protocol.cost_size)
    expected = int((image.mean(1) > 0.5).sum())
    assert entry.inspection.complexity.flops["torch"].flops == expected
    flag = entry.flags["content-dependent"]
    assert flag.startswith("its cost depends on the image: ")
    assert all(f"G of {what}" in flag for what in ("smooth", "noise", "photograph 3"))
