"""What each module of a network costs."""

import pytest
import torch
from torch import nn

from harness.records import ModuleCost
from harness.worker.complexity import costs


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.idle = nn.Linear(2, 2)

    def forward(self, x):
        return self.first(self.first(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Body()
        self.tail = nn.Conv2d(4, 8, 1)
        self.alias = self.tail
        self.small = nn.Conv2d(1, 1, 1, bias=False)

    def forward(self, x):
        return torch.relu(self.tail(self.body(x))) + self.small(x[:, :1, :1, :1])


def test_shares_are_those_computed_by_hand():
    # 10x10 pixels: a 3x3 convolution of 4 to 4 channels twice, a 1x1 of 4 to 8 once; the small
    # one costs 1 of each, less than 1 % of all
    _, modules = costs(Net(), torch.ones(1, 4, 10, 10))
    first, tail = 2 * 9 * 16 * 100, 32 * 100
    assert modules == (
        ModuleCost("", "Net", first + tail + 1, 144 + 6 + 40 + 1, 800 + 800 + 1),
        ModuleCost("body", "Body", first, 144 + 6, 800),
        ModuleCost("body.first", "Conv2d", first, 144, 800),
        ModuleCost("body.idle", "Linear", 0, 6, 0),
        ModuleCost("tail", "Conv2d", tail, 40, 800),
    )


def test_the_whole_is_what_is_measured():
    network, lr = Net(), torch.ones(1, 4, 12, 10)
    complexity, (whole, *_) = costs(network, lr)
    assert whole.flops == complexity.flops["fvcore"].flops
    assert whole.activations == complexity.activations
    assert whole.params == sum(p.numel() for p in network.parameters())
    assert not any(module._forward_hooks for module in network.modules())


def test_where_fvcore_fails_the_rest_is_known(monkeypatch):
    def fail(network, input):
        raise RuntimeError("cannot be traced")

    monkeypatch.setattr("harness.worker.complexity.measurement.fvcore_analysis", fail)
    _, modules = costs(Net(), torch.ones(1, 4, 10, 10))
    assert [module.flops for module in modules] == [0] * len(modules)
    assert modules[0].activations == 1601


@pytest.mark.parametrize("network", [nn.Identity(), nn.Upsample(scale_factor=4)])
def test_a_network_without_modules_is_its_own_tree(network):
    assert [module.name for module in costs(network, torch.ones(1, 3, 8, 8))[1]] == [""]
