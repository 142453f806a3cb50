"""Counting leaves a network as it was, and one counter's failure is not the others'."""

from typing import NoReturn

import pytest
import torch
from torch import Tensor, nn

from harness.worker.complexity import measure


class Untraceable(nn.Sequential):
    """Fails where fvcore reads operators off a trace."""

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        if torch.jit.is_tracing():
            raise RuntimeError("not while tracing\nsecond line")
        return y


class Faulty(nn.Sequential):
    def forward(self, x: Tensor) -> NoReturn:
        super().forward(x)
        raise ZeroDivisionError("the network's own fault")


def layers() -> list[nn.Module]:
    return [nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.PReLU()]


def hooks_of(network: nn.Module) -> list[list[int]]:
    return [
        list(table)
        for module in network.modules()
        for table in (module._forward_hooks, module._forward_pre_hooks)
    ]


def test_a_failing_counter_is_named_and_the_others_count() -> None:
    network = Untraceable(*layers()).eval()
    complexity = measure(network, torch.rand(1, 3, 5, 7))
    assert complexity.problems == {"fvcore": "RuntimeError: not while tracing"}
    convolution, norm, rectifier = 35 * 8 * 3 * 9, 2 * 8 * 35, 8 * 35
    assert {counter: count.flops for counter, count in complexity.flops.items()} == {
        "hooks": convolution + norm + rectifier,
        "torch": convolution,
        "ptflops": convolution + 8 * 35,
    }


def test_what_the_network_raises_passes_through() -> None:
    with pytest.raises(ZeroDivisionError, match="the network's own fault"):
        measure(Faulty(*layers()).eval(), torch.rand(1, 3, 5, 7))


@pytest.mark.parametrize("kind", [nn.Sequential, Untraceable, Faulty])
def test_hooks_state_and_mode_are_left_as_found(kind: type[nn.Sequential]) -> None:
    network = kind(*layers())
    network[0].register_forward_hook(lambda *_: None)
    network[1].eval()
    state = {name: value.clone() for name, value in network.state_dict().items()}
    hooks, modes = hooks_of(network), [module.training for module in network.modules()]
    x = torch.rand(1, 3, 5, 7)
    given = x.clone()
    try:
        measure(network, x)
    except ZeroDivisionError:
        assert kind is Faulty
    assert hooks_of(network) == hooks
    assert [module.training for module in network.modules()] == modes
    assert torch.equal(x, given)
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert all(p.requires_grad and p.grad is None for p in network.parameters())


def test_counting_is_silent(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    class Branching(nn.Sequential):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) if x.sum() > 0 else x  # a tracer warns of this

    measure(Branching(*layers(), nn.Sigmoid()).eval(), torch.rand(1, 3, 5, 7))
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_scripted_parts_take_no_hooks() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 1, bias=False), torch.jit.script(nn.Conv2d(8, 8, 1)))
    complexity = measure(network.eval(), torch.rand(1, 3, 5, 7))
    assert complexity.flops["hooks"].flops == 35 * 8 * 3
    assert complexity.flops["torch"].flops == 35 * 8 * (3 + 8)
    assert complexity.problems.keys() == {"fvcore"}
