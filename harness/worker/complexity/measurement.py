"""All counters on one input."""

import copy
import functools
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from harness.records import Complexity, Count, ModuleCost
from harness.worker.complexity.hooks import (
    activations,
    hooks_count,
    num_conv,
    record_calls,
    uncalled_modules,
)
from harness.worker.complexity.modules import module_costs
from harness.worker.complexity.operators import (
    fvcore_analysis,
    fvcore_count,
    ptflops_count,
    torch_count,
)
from harness.worker.complexity.plain import plainly

Costs = tuple[Complexity, tuple[ModuleCost, ...]]  # of the network, and of each of its modules
LARGE = 100 * 10**9  # multiply-accumulates of one forward; the baselines of all editions are below


def measure(network: nn.Module, input: Tensor) -> Complexity:
    """Count what one forward of `network` on `input` costs, by four counters: see `costs`."""
    return costs(network, input)[0]


def costs(network: nn.Module, input: Tensor) -> Costs:
    """Count what one forward of `network` on `input` costs, by four counters, and its modules'.

    `input` is a float tensor, [1, 3, 256, 256] in the challenge, on the network's device. The
    network should be in eval mode and is run four times without gradients; its hooks are
    left as found. One that fuses its branches at the first forward should have had it.

    On the meta device, where shapes alone are computed, the figures are what they are on a CPU,
    but for `ptflops` of fused attention, which shows there as matrix products.

    A counter that fails is named in `problems`. What the network itself raises passes through.
    """
    trace = functools.cache(partial(fvcore_analysis, network, input))
    with torch.no_grad(), plainly(network):
        calls = record_calls(network, input)
        counters: dict[str, Callable[[], Count]] = {
            "fvcore": lambda: fvcore_count(trace()),
            "hooks": partial(hooks_count, calls),
            "torch": partial(torch_count, network, input),
            "ptflops": partial(ptflops_count, network, input),
        }
        flops, problems = {}, {}
        for name, count in counters.items():
            try:
                flops[name] = count()
            except Exception as error:  # whatever a counter trips over, the others go on
                problems[name] = _in_one_sentence(error)
        modules = module_costs(network, calls, trace)
    complexity = Complexity(
        flops=flops,
        activations=activations(calls),
        num_conv=num_conv(calls),
        uncalled=uncalled_modules(network, calls),
        problems=problems,
        on_shapes=input.is_meta,
    )
    return complexity, modules


def measure_affordably(network: nn.Module, small: Tensor, input: Tensor) -> Costs:
    """Count what one forward of `network` on `input` costs, without a forward that is too large.

    A network that is predicted to take LARGE multiply-accumulates, by what torch's counter says of
    the image `small` and by the areas, is counted on shapes alone: a copy of it on the meta
    device. It has to cost the same on `small` there as for real, and no counter may fail, so that
    no network that does something else with shapes is counted so; it is run for real.
    """
    with torch.no_grad(), plainly(network):
        return _on_shapes(network, small, input) or costs(network, input)


def _on_shapes(network: nn.Module, small: Tensor, input: Tensor) -> Costs | None:
    """Count a large network on the meta device; None where it is small, or shapes do not do."""
    try:
        flops = torch_count(network, small).flops
        if flops * input[0].numel() < LARGE * small[0].numel():
            return None
        shapes = copy.deepcopy(network).to("meta")
        if torch_count(shapes, small.to("meta")).flops != flops:
            return None
        counted = costs(shapes, input.to("meta"))
    except Exception:  # whatever fails here is tried for real, and fails there for its own reason
        return None
    return None if counted[0].problems else counted


def _in_one_sentence(error: Exception) -> str:
    first_line = f"{type(error).__name__}: {error}".splitlines()[0]
    return first_line if len(first_line) <= 200 else first_line[:199] + "…"
