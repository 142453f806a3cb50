"""What is counted from the calls of modules: activations, convolutions, FLOPs as in 2022 and 2023.

The three read one list of calls, recorded by forward hooks during one forward. Functional calls
(`torch.nn.functional`, `@`) and modules of other kinds are invisible to all of them.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from harness.records import Count

_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
_RECTIFIERS = (nn.ReLU, nn.PReLU, nn.ELU, nn.LeakyReLU, nn.ReLU6)


@dataclass(frozen=True)
class Call:
    """One call of a module: shapes of its first argument and of its result, if tensors."""

    module: nn.Module
    input: torch.Size | None
    output: torch.Size | None


@contextmanager
def recorded(network: nn.Module) -> Iterator[list[Call]]:
    """Record the calls of all modules of `network`, in order of return; no hook stays behind."""
    calls: list[Call] = []

    def record(
        module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> None:
        first = next(iter((*args, *kwargs.values())), None)
        calls.append(Call(module, _shape(first), _shape(output)))

    handles = [
        module.register_forward_hook(record, with_kwargs=True)
        for _, module in _callable_modules(network)
    ]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def activations(calls: list[Call]) -> int:
    """Return the elements of all outputs of Conv2d and ConvTranspose2d modules."""
    return sum(prod(call.output or (0,)) for call in _convolutions(calls))


def num_conv(calls: list[Call]) -> int:
    """Return the number of calls of Conv2d and ConvTranspose2d modules."""
    return len(_convolutions(calls))


def hooks_count(calls: list[Call]) -> Count:
    """Return the FLOPs by the rule of the 2022 and 2023 editions (utils/model_summary.py).

    Convolutions count multiply-adds without bias, batch normalisation 2 per element (1 without an
    affine part), rectifiers 1. The rule keeps its oddities: a Linear multiplies the first two
    dimensions of its input by the second of its output, wherever the channels are; a transposed
    convolution counts the positions of its output. `unknown` holds the kinds of childless modules
    that the rule passes over.
    """
    by_operator: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for call in calls:
        flops = _flops(call)
        if flops is not None:
            by_operator[_kind(call.module)] += flops
        elif next(call.module.children(), None) is None:
            unknown[type(call.module).__name__] += 1
    return Count(by_operator.total(), dict(by_operator), dict(unknown))


def uncalled_modules(network: nn.Module, calls: list[Call]) -> tuple[str, ...]:
    """Return the names of the modules that have a forward and were not called in `calls`.

    Such a module is unused, or is used without being called (`module.forward(x)`, or its weight in
    a functional call), and then no hook sees its work.
    """
    called = {call.module for call in calls}
    return tuple(name for name, module in _callable_modules(network) if module not in called)


def _callable_modules(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Leave out lists of modules, which have no forward, and scripted ones, which take no hooks."""
    for name, module in network.named_modules():
        scripted = isinstance(module, torch.jit.ScriptModule)
        if not scripted and type(module).forward is not nn.Module.forward:
            yield name, module


def _convolutions(calls: list[Call]) -> list[Call]:
    return [call for call in calls if isinstance(call.module, _CONVOLUTIONS)]


def _flops(call: Call) -> int | None:
    module, given, output = call.module, call.input, call.output
    if given is None or output is None:
        return None
    if isinstance(module, _CONVOLUTIONS):
        per_position = module.in_channels * (module.out_channels // module.groups)
        return prod(module.kernel_size) * per_position * output[0] * prod(output[2:])
    if isinstance(module, nn.Linear):
        return prod(given[:2]) * output[min(1, len(output) - 1)]
    if isinstance(module, nn.BatchNorm2d):
        return prod(output) * (2 if module.affine else 1)
    if isinstance(module, _RECTIFIERS):
        return prod(output)
    return None


def _kind(module: nn.Module) -> str:
    """Name the kind that the rule knows: a class of torch, also for a class derived from it."""
    return next(
        base.__name__ for base in type(module).__mro__ if base.__module__.startswith("torch.nn.")
    )


def _shape(value: Any) -> torch.Size | None:
    return value.shape if isinstance(value, Tensor) else None
