"""Where FLOPs counters disagree or are blind, and which operators are to blame. Pure.

Operators fall into three families: convolutions, matrix products, and work per element
(normalisation, rectifiers, resizing, pooling), which each counter treats by its own convention.
"""

import re
from collections.abc import Iterable

from harness.records import Complexity, Count

_CONVOLUTIONS, _PRODUCTS, _PER_ELEMENT = "convolutions", "matrix products", "work per element"
_MULTIPLYING = {
    _CONVOLUTIONS: re.compile("conv", re.IGNORECASE),
    _PRODUCTS: re.compile("^linear|mm$|matmul|einsum|attention", re.IGNORECASE),
}
_CONVENTIONS = {
    ("hooks", _CONVOLUTIONS): "modules alone, a transposed one by the size of its output",
    ("hooks", _PRODUCTS): "modules alone, by the first two dimensions of their input",
    ("ptflops", _CONVOLUTIONS): "with biases",
    ("ptflops", _PRODUCTS): "with biases",
}
# Operators of PyTorch that multiply often per element, as a trace or the dispatcher names them.
_HEAVY = re.compile(
    "conv|mm$|mv$|dot$|inner$|matmul|linear$|einsum|attention|fft|lstm|gru|rnn|cdist|transformer"
)
# Operators of ONNX that do little per element, all but those that counters know and idle ones.
_ONNX_PER_ELEMENT = {
    *("Abs", "Add", "AveragePool", "Ceil", "Clip", "Cos", "Div", "Elu", "Erf", "Exp", "Floor"),
    *("Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Log", "Max", "MaxPool", "Mean", "Min"),
    *("Mish", "Mul", "Neg", "PRelu", "Pow", "Reciprocal", "ReduceMax", "ReduceMean", "ReduceMin"),
    *("ReduceSum", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Softmax", "Softplus"),
    *("Sqrt", "Sub", "Sum", "Tanh"),
}
_NAMED_AT_MOST = 4


def disagreement(complexity: Complexity) -> str | None:
    """Explain why the counters' totals differ by more than 1 % of the smallest; None if not.

    Biases, which one counter alone counts, are no difference.
    """
    counts = complexity.flops
    plain = [count.flops - sum(count.biases.values()) for count in counts.values()]
    allowed = min(plain, default=0) // 100
    if _spread(plain) <= allowed:
        return None
    sums = {
        family: {
            counter: sum(_of(family, count).values()) - _biases(family, count)
            for counter, count in counts.items()
        }
        for family in (*_MULTIPLYING, _PER_ELEMENT)
    }
    spreads = {family: _spread(figures.values()) for family, figures in sums.items()}
    apart = [family for family in sums if spreads[family] > allowed]
    parts = [", ".join(f"{counter} {_giga(count.flops)}" for counter, count in counts.items())]
    parts += [blind] if (blind := blind_spots(complexity)) else []
    for family in apart or [max(spreads, key=spreads.__getitem__)]:
        parts.append(_side_by_side(family, counts))
    return "; ".join(parts + _lost_work(complexity, sums, allowed))


def blind_spots(complexity: Complexity) -> str | None:
    """Name the operators that hide multiplications from a counter; None if there are none.

    They are convolutions, matrix products, attention, Fourier transforms and recurrences that the
    counter does not know, and whatever PyTorch does not define: custom operators, scripted
    functions and Python autograd functions. `hooks` sees no operators and is left out.
    """
    blind: dict[str, list[str]] = {}
    for counter, count in complexity.flops.items():
        if counter != "hooks" and (hidden := _hidden(count)):
            blind.setdefault(_listed(hidden), []).append(counter)
    return (
        "; ".join(f"unknown to {' and '.join(who)}: {what}" for what, who in blind.items()) or None
    )


def _hidden(count: Count) -> dict[str, int]:
    return {operator: calls for operator, calls in count.unknown.items() if _hides_work(operator)}


def _hides_work(operator: str) -> bool:
    namespace, _, name = operator.rpartition("::")
    if namespace == "onnx":
        return name not in _ONNX_PER_ELEMENT
    if namespace == "aten":
        return _HEAVY.search(name) is not None
    return True  # of `prim`, fvcore reports only calls of Python and scripted functions


def _side_by_side(family: str, counts: dict[str, Count]) -> str:
    """Give each counter's figure for a family, with the operators and the convention behind it."""
    tables = {counter: _of(family, count) for counter, count in counts.items()}
    plain = sum(tables.get("torch", {}).values())
    sides = []
    for counter, table in tables.items():
        flops, reason = sum(table.values()), ", ".join(table)
        if flops not in (0, plain) and (counter, family) in _CONVENTIONS:
            reason += f": {_CONVENTIONS[counter, family]}"
        sides.append(f"{counter} {_giga(flops)}" + (f" ({reason})" if reason else ""))
    return f"{family}: " + ", ".join(sides)


def _lost_work(complexity: Complexity, sums: dict[str, dict[str, int]], allowed: int) -> list[str]:
    """Say where multiplications that reached the dispatcher may have escaped trace and hooks."""
    seen = {
        counter: sum(sums[family][counter] for family in _MULTIPLYING)
        for counter in complexity.flops
    }
    short = [counter for counter in seen if seen.get("torch", 0) - seen[counter] > allowed]
    parts = []
    if "fvcore" in short and not _hidden(complexity.flops["fvcore"]):
        # A kernel that fills a tensor unseen cuts the trace: what feeds it is dropped as dead code.
        unknown = _listed(complexity.flops["fvcore"].unknown)
        parts.append(f"fvcore's trace is cut at one of {unknown}")
    if "hooks" in short and complexity.uncalled:
        parts.append(f"not called as modules: {_listed(dict.fromkeys(complexity.uncalled, 1))}")
    return parts


def _of(family: str, count: Count) -> dict[str, int]:
    return {o: flops for o, flops in count.by_operator.items() if _family(o) == family}


def _biases(family: str, count: Count) -> int:
    return sum(flops for operator, flops in count.biases.items() if _family(operator) == family)


def _family(operator: str) -> str:
    name = operator.rpartition("::")[2]
    return next((f for f, pattern in _MULTIPLYING.items() if pattern.search(name)), _PER_ELEMENT)


def _spread(figures: Iterable[int]) -> int:
    figures = list(figures)
    return max(figures, default=0) - min(figures, default=0)


def _giga(flops: int) -> str:
    return f"{flops / 1e9:.4g} G"


def _listed(calls: dict[str, int]) -> str:
    """Name the operators called most often first, and count those that are left out."""
    most = sorted(calls, key=lambda operator: -calls[operator])
    names = [f"{o} ×{calls[o]}" if calls[o] > 1 else o for o in most[:_NAMED_AT_MOST]]
    left_out = len(most) - len(names)
    return ", ".join(names) + (f" and {left_out} more" if left_out else "")
