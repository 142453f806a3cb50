"""What each module of a network costs: its share of FLOPs, parameters and activations."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import prod

from fvcore.nn import FlopCountAnalysis
from torch import nn

from harness.records import ModuleCost
from harness.worker.complexity.hooks import Call

_SMALLEST_SHARE = 0.01  # of FLOPs, parameters or activations, below which a module is left out


def module_costs(
    network: nn.Module, calls: Sequence[Call], trace: Callable[[], FlopCountAnalysis]
) -> tuple[ModuleCost, ...]:
    """Return what the modules of `network` cost in one forward, each before those inside it.

    The first is the network itself, called ''. FLOPs are fvcore's (0 where `trace` fails), which
    knows the module that an operator runs in; activations are counted as in `hooks`, of `calls`. A
    module with less than 1 % of each of the three is left out, as is what stands inside it. One
    that is reached by two names has its first.
    """
    names = {module: name for name, module in network.named_modules()}
    flops = _flops(network, trace)
    activations: Counter[str] = Counter()
    for call in calls:
        if isinstance(call.module, nn.Conv2d | nn.ConvTranspose2d) and call.output is not None:
            for place in _around(names[call.module]):
                activations[place] += prod(call.output)
    params: Counter[str] = Counter()
    for name, parameter in network.named_parameters():
        for place in _around(name.rpartition(".")[0]):
            params[place] += parameter.numel()
    costs = [
        ModuleCost(name, type(module).__name__, flops[name], params[name], activations[name])
        for module, name in names.items()
    ]
    return tuple(cost for cost in costs if not cost.name or _weighs(cost, costs[0]))


def _weighs(cost: ModuleCost, whole: ModuleCost) -> bool:
    parts = (
        (cost.flops, whole.flops),
        (cost.params, whole.params),
        (cost.activations, whole.activations),
    )
    return any(part and part >= _SMALLEST_SHARE * total for part, total in parts)


def _flops(network: nn.Module, trace: Callable[[], FlopCountAnalysis]) -> Counter[str]:
    """Count by module; nothing where fvcore fails, which `measure` reports."""
    try:
        analysis = trace()
        counts = analysis.by_module()
    except Exception:  # whatever it trips over, the other costs are known
        return Counter()
    names = (name for name, _ in network.named_modules())
    return Counter({name: int(counts[analysis.canonical_module_name(name)]) for name in names})


def _around(name: str) -> Iterable[str]:
    """Yield a dotted name and those of all that it stands in: `a.b`, `a`, and ''."""
    while name:
        yield name
        name = name.rpartition(".")[0]
    yield ""
