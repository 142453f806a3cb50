"""The same cost as the official implementations, by the challenge's counters."""

import json

import pytest
import torch

from harness.worker.complexity import count_parameters
from harness.worker.complexity import measure as measure_really
from tests.support.architectures import ARCHITECTURES
from tests.support.costs import CHALLENGE_INPUT, counted, measure
from tests.support.goldens import COSTS

GOLDEN = json.loads(COSTS.read_text())
# Their windows and taps take seconds to walk through, even without pixels.
SLOW = ("dlgsanet",)


def marked(names: list[str], slow: tuple[str, ...] = SLOW) -> list[object]:
    """Make the networks whose names begin with one of `slow` heavy."""
    heavy = [pytest.mark.heavy]
    return [pytest.param(name, marks=heavy if name.startswith(slow) else []) for name in names]


@pytest.mark.parametrize("name", marked([*GOLDEN]))
def test_costs_of_the_challenge_input(name: str) -> None:
    golden, ours = GOLDEN[name], measure(name)
    assert ours.params == golden["params"]
    assert ours.activations == golden["activations"]
    assert ours.num_conv == golden["num_conv"]
    assert ours.flops_fvcore == golden["flops_fvcore"]
    assert ours.flops_unseen == golden["unseen_per_lr_pixel"] * 256 * 256


@pytest.mark.parametrize("name", GOLDEN)
def test_folded_and_constant_parameters_are_frozen(name: str) -> None:
    with torch.device("meta"):
        network = ARCHITECTURES[name].build()
    trainable = sum(p.numel() for p in network.parameters() if p.requires_grad)
    assert trainable == GOLDEN[name]["params_trainable"]


@pytest.mark.parametrize("name", marked([*GOLDEN]))
def test_costs_of_a_720p_output(name: str) -> None:
    height, width = GOLDEN[name]["lr_720p"]
    assert measure(name, (height, width)).flops_fvcore == GOLDEN[name]["flops_fvcore_720p"]


# The hooks count a Linear by whatever is the second dimension of its input: for DLSN that is how
# the implementation happens to lay out its tokens.
@pytest.mark.parametrize("name", marked([name for name in GOLDEN if not name.startswith("dlsn")]))
def test_flops_as_the_first_editions_counted(name: str) -> None:
    assert measure(name).flops_hooks == GOLDEN[name]["flops_hooks"]


# The larger twins of other networks are left out: they take long and show nothing more.
TWINS = ("dlgsanet_light_x4", "dlgsanet_large_x4", "esc_base_x4", "rfdn_2022_x4")


@pytest.mark.parametrize(
    "name",
    marked(
        [name for name in GOLDEN if name.endswith("x4") and name not in TWINS],
        slow=("dlgsanet", "dlsn", "esc"),
    ),
)
def test_shapes_cost_what_a_real_run_costs(name: str) -> None:
    architecture = ARCHITECTURES[name]
    side = 32 if architecture.large else 64
    network = counted(architecture)
    real = measure_really(network, torch.rand(1, 3, side, side))
    on_shapes = measure(name, (side, side))
    assert not real.problems
    assert real.flops["fvcore"].flops == on_shapes.flops_fvcore
    assert real.flops["hooks"].flops == on_shapes.flops_hooks
    assert real.activations == on_shapes.activations
    assert real.num_conv == on_shapes.num_conv


@pytest.mark.heavy
@pytest.mark.parametrize(
    "name", [a.name for a in ARCHITECTURES.values() if a.checkpoint and a.name != "rfdn_2023_x4"]
)
def test_harness_gives_the_golden_costs(name: str) -> None:
    network = ARCHITECTURES[name].build()
    real = measure_really(network, torch.rand(1, 3, *CHALLENGE_INPUT))
    golden = GOLDEN[name]
    assert count_parameters(network) == golden["params"]
    assert real.activations == golden["activations"]
    assert real.num_conv == golden["num_conv"]
    assert real.flops["fvcore"].flops == golden["flops_fvcore"]
    assert real.flops["hooks"].flops == golden["flops_hooks"]
