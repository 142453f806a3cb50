"""The published networks cost what the code of the editions measured for them, to the last unit.

The figures were measured by the official code of 2022, 2024 and 2026 (params, activations,
convolutions, hooks, fvcore) and by FlopCounterMode, halved, for 3x256x256; LGVAN's are those of its
own repository's counters.
"""

import importlib.util
from dataclasses import replace
from typing import NamedTuple

import pytest
import torch
from torch import nn

from harness.worker.complexity import count_parameters, disagreement, measure
from harness.worker.complexity.operators import fvcore_analysis, fvcore_count
from tests.support.places import MODELS


class Cost(NamedTuple):
    params: int
    activations: int
    num_conv: int
    hooks: int
    fvcore: int
    torch: int


COSTS = {
    "IMDN": Cost(893936, 154140672, 43, 58531512320, 58430849024, 58430849024),
    "RFDN": Cost(433448, 112034240, 64, 27102622560, 27046231296, 27033648384),
    "RLFN": Cost(317218, 80045184, 39, 19695306752, 19674859520, 19658082304),
    "EFDN": Cost(276192, 111116736, 65, 16728798048, 16703470848, 16690887936),
    "SPAN": Cost(150688, 41680896, 22, 9833807872, 9833807872, 9833807872),
    "LGVAN": Cost(118243, 332392832, 122, 9057572992, 9036601472, 9024018560),
}


def build(factory: str) -> nn.Module:
    path = MODELS / f"{factory.lower()}.py"
    spec = importlib.util.spec_from_file_location(f"counted_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network: nn.Module = getattr(module, factory)()
    return network.eval()


@pytest.mark.parametrize(("factory", "cost"), COSTS.items(), ids=COSTS)
def test_counted_on_shapes_alone(factory: str, cost: Cost) -> None:
    network = build(factory).to("meta")
    complexity = measure(network, torch.empty(1, 3, 256, 256, device="meta"))
    assert complexity.problems == {}
    assert cost == Cost(
        params=count_parameters(network),
        activations=complexity.activations,
        num_conv=complexity.num_conv,
        hooks=complexity.flops["hooks"].flops,
        fvcore=complexity.flops["fvcore"].flops,
        torch=complexity.flops["torch"].flops,
    )


@pytest.mark.parametrize("factory", COSTS)
def test_shapes_alone_give_the_counts_of_a_real_run(factory: str) -> None:
    network = build(factory)
    real = measure(network, torch.rand(1, 3, 33, 47))
    shapes = measure(network.to("meta"), torch.empty(1, 3, 33, 47, device="meta"))
    assert real.problems == {}
    assert shapes == replace(real, on_shapes=True)


def test_a_real_run_at_the_size_of_the_challenge() -> None:
    complexity = measure(build("SPAN"), torch.rand(1, 3, 256, 256))
    flops = {counter: count.flops for counter, count in complexity.flops.items()}
    cost = COSTS["SPAN"]
    assert flops == {
        "fvcore": cost.fvcore,
        "hooks": cost.hooks,
        "torch": cost.torch,
        "ptflops": cost.torch + cost.activations,  # all its convolutions have a bias
    }


@pytest.mark.heavy
@pytest.mark.parametrize(("factory", "cost"), COSTS.items(), ids=COSTS)
def test_the_official_counter_at_the_size_of_the_challenge(factory: str, cost: Cost) -> None:
    with torch.no_grad():
        count = fvcore_count(fvcore_analysis(build(factory), torch.rand(1, 3, 256, 256)))
    assert count.flops == cost.fvcore


@pytest.mark.parametrize("factory", ["RFDN", "RLFN", "EFDN", "SPAN"])
def test_plain_networks_are_not_flagged(factory: str) -> None:
    network = build(factory)
    assert disagreement(measure(network, torch.rand(1, 3, 64, 64))) is None
