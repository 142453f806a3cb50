"""All counters on one input."""

import contextlib
import copy
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import TypeVar

import torch
from fvcore.nn import FlopCountAnalysis
from torch import Tensor, nn

from harness.records import Complexity, Count, ModuleCost
from harness.worker.complexity.hooks import (
    Call,
    activations,
    hooks_count,
    num_conv,
    recorded,
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
from harness.worker.complexity.results import Results

T = TypeVar("T")
Costs = tuple[Complexity, tuple[ModuleCost, ...]]  # of the network, and of each of its modules
SEED = 0  # the official scripts seed nothing: any draw is as theirs, and this one can be repeated
LARGE = 50 * 10**9  # multiply-accumulates of a forward, and
HELD = 4 * 2**30  # bytes of all its results, from which shapes alone are tried
HELD_AT_MOST = 6 * 2**30  # bytes, which a trace may take for real


def measure(network: nn.Module, input: Tensor) -> Complexity:
    """Count what one forward of `network` on `input` costs, by four counters: see `costs`."""
    return costs(network, input)[0]


def costs(network: nn.Module, input: Tensor, held: int = 0) -> Costs:
    """Count what one forward of `network` on `input` costs, by four counters, and its modules'.

    `input` is a float tensor, [1, 3, 256, 256] in the challenge, on the network's device. The
    network should be in eval mode and is run three times without gradients, each time with the
    random generators at SEED; its hooks are left as found. One that fuses its branches
    at the first forward should have had it. `held` are the bytes of all results of a forward, as
    far as known: a trace holds them to its end, and is not made where they are too many.

    On the meta device, where shapes alone are computed, the figures are what they are on a CPU,
    but for `ptflops` of fused attention, which shows there as matrix products.

    A counter that fails is named in `problems`. What the network itself raises passes through.
    """
    with torch.no_grad(), plainly(network):
        calls, torch_counted = _recorded(network, input)
        trace = _attempted(partial(_trace, network, input, held))
        counters: dict[str, Callable[[], Count]] = {
            "fvcore": lambda: fvcore_count(trace()),
            "hooks": partial(hooks_count, calls),
            "torch": torch_counted,
            "ptflops": partial(with_same_draws, ptflops_count, network, input),
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


def measure_affordably(
    network: nn.Module, small: Tensor, input: Tensor, photographs: Sequence[Tensor] = ()
) -> Costs:
    """Count what one forward of `network` on `input` costs, without a forward that is too dear.

    A network that is predicted to take LARGE multiply-accumulates or HELD bytes, by what it takes
    for the image `small` and by the areas, is counted on shapes alone: a copy of it on the meta
    device. It has to cost the same on `small` there as for real, and no counter may fail, so that
    no network that does something else with shapes is counted so; it is run for real. What it
    costs on noise and on `photographs`, of the size of `small`, which is smooth, tells whether its
    cost depends on content.
    """
    with torch.no_grad(), plainly(network):
        smooth = with_same_draws(torch_count, network, small).flops
        growth = input[0].numel() / small[0].numel()
        bytes_held = held(network, small, input)
        dear = smooth * growth >= LARGE or bytes_held >= HELD
        counted = _on_shapes(network, small, smooth, input) if dear else None
        complexity, modules = counted or costs(network, input, bytes_held)
        count = partial(with_same_draws, torch_count, network)
        told = by_content(lambda image: count(image).flops, small, photographs)
    return replace(complexity, by_content=told), modules


def held(network: nn.Module, small: Tensor, input: Tensor) -> int:
    """Predict the bytes of all results of a forward on `input` by one on `small`, by the areas."""
    given = small.clone()
    with torch.no_grad(), Results() as results:
        network(given)
    growth: float = input[0, 0].numel() / small[0, 0].numel()
    return round(float(results.bytes) * growth)


def by_content(
    count: Callable[[Tensor], int], smooth: Tensor, photographs: Sequence[Tensor]
) -> dict[str, int]:
    """Return the FLOPs of images of one size by what they show, where they are not all alike.

    An image that the network fails on is left out: it is asked no more of than of its own input.
    """
    noise = uniform_noise(smooth.shape).to(smooth.device, smooth.dtype)
    images = {"smooth": smooth, "noise": noise}
    images |= {f"photograph {number}": image for number, image in enumerate(photographs, 1)}
    flops = {}
    for name, image in images.items():
        with contextlib.suppress(Exception):
            flops[name] = count(image)
    return flops if len(set(flops.values())) > 1 else {}


def uniform_noise(shape: Sequence[int]) -> Tensor:
    """Draw what costs are counted on: uniform in [0, 1), whatever a network's data range is.

    So do the official scripts since 2024, with `torch.rand`; those of 2022 leave the input's memory
    as it is.
    """
    return torch.rand(*shape, generator=torch.Generator().manual_seed(SEED))


def _recorded(network: nn.Module, input: Tensor) -> tuple[list[Call], Callable[[], Count]]:
    """Record the calls of a forward that torch's counter watches, or of another where it fails."""
    with recorded(network) as calls:
        counted = _attempted(partial(with_same_draws, torch_count, network, input))
    try:
        counted()
    except Exception:
        with recorded(network) as calls:
            network(input.clone())
    return calls, counted


def _attempted(call: Callable[[], T]) -> Callable[[], T]:
    """Call once; return what gives the result, or raises what was raised, as often as asked."""
    future: Future[T] = Future()
    try:
        future.set_result(call())
    except Exception as error:
        future.set_exception(error)
    return future.result


def with_same_draws(
    count: Callable[[nn.Module, Tensor], T], network: nn.Module, input: Tensor
) -> T:
    """Count a network that may draw; no other draw of the process changes by it."""
    with torch.random.fork_rng([input.device] if input.is_cuda else []):
        torch.manual_seed(SEED)
        return count(network, input)


def _trace(network: nn.Module, input: Tensor, held: int) -> FlopCountAnalysis:
    if held > HELD_AT_MOST and not input.is_meta:
        raise MemoryError(
            f"its trace holds about {held / 2**30:.0f} GiB at once, and shapes alone do not do"
        )
    return with_same_draws(fvcore_analysis, network, input)


def _on_shapes(network: nn.Module, small: Tensor, flops: int, input: Tensor) -> Costs | None:
    """Count a network that takes `flops` on `small` on the meta device; None where it cannot be."""
    try:
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
