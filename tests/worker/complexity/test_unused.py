"""Parameters that take no part in a forward."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness.worker.complexity import unused_parameters
from tests.support.architectures import ARCHITECTURES, BASELINES

IMAGE = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
BRANCH = 3 * 3 * 9 + 3  # elements of a convolution of 3x3 from 3 to 3 channels


class Trained(nn.Module):
    """Is trained with a branch more, and folds it at every forward, as SPAN does."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.sk, self.eval_conv = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        self.eval_conv.weight.data = (self.conv.weight + self.sk.weight).clone().detach()
        self.eval_conv.bias.data = (self.conv.bias + self.sk.bias).clone().detach()
        return self.eval_conv(x)


class Computed(nn.Module):
    """Computes the weight of its convolution from two others, at every forward."""

    def __init__(self) -> None:
        super().__init__()
        self.g = nn.Parameter(torch.ones(3, 1, 1, 1))
        self.v = nn.Parameter(torch.ones(3, 3, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.g * self.v / self.v.norm(), padding=1)


class Detached(nn.Module):
    """Takes gradients off its result, and chooses pixels by a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.chooser = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(2))
        self.spare = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(self.chooser(x).detach() > 0, self.conv(x), x)


class Changed(nn.Module):
    """Writes to a parameter, which one that wants a gradient refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.spare = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        self.scale.fill_(2.0)
        return x * self.scale


class Particular(nn.Module):
    """Refuses noise."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        raise ValueError("x is noise")


class WithoutGradients(nn.Sequential):
    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)


def unused(network: nn.Module) -> tuple[tuple[str, ...], int] | None:
    network.eval().requires_grad_(False)
    found = unused_parameters(network, IMAGE)
    assert not any(parameter.requires_grad for parameter in network.parameters())
    return found and (found.names, found.elements)


def test_branches_that_training_alone_needs_are_named_and_counted() -> None:
    folded = ("conv.weight", "conv.bias", "sk.weight", "sk.bias")
    assert unused(Trained()) == (folded, 2 * BRANCH)
    assert unused(Detached()) == (("spare.weight", "spare.bias"), 4 * 5 + 5)
    shared = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1))
    shared[1].weight = shared[0].weight
    assert unused(shared) == ((), 0)


def test_what_a_weight_is_computed_from_has_a_part() -> None:
    assert unused(Computed()) == ((), 0)
    assert unused(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 3, 3))) == ((), 0)


def test_without_gradients_only_what_does_not_meet_the_image_is_unknown() -> None:
    assert unused(WithoutGradients(nn.Conv2d(3, 3, 3), nn.PReLU(3))) == ((), 0)
    assert unused(WithoutGradients(Computed())) is None
    assert unused(Changed()) is None
    assert unused(Particular()) is None


@pytest.mark.parametrize("name", [*[one.name for one in BASELINES], "lgvan_x4"])
def test_no_parameter_of_a_published_baseline_is_unused(name: str) -> None:
    assert unused(ARCHITECTURES[name].build()) == ((), 0)
