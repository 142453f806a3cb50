"""FLOPs counted operator by operator, by three independent counters.

fvcore reads the operators off a trace; the official figure since 2024. torch's FlopCounterMode and
ptflops watch what reaches the dispatcher. All three count a multiply-add once here.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

from fvcore.nn import FlopCountAnalysis
from ptflops.aten_engine import FlopCounterMode as PtflopsMode
from torch import _C, Tensor, nn, ops
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from harness.records import Count
from harness.worker.complexity.modes import uncompiled

_NO_CUDNN_FLAGS = (False, False, False, False)  # benchmark, deterministic, enabled, TF32
_BIAS = {ops.aten.convolution.default: 2, ops.aten.addmm.default: 0}  # operator -> its argument
_CPU_ATTENTION = ops.aten._scaled_dot_product_flash_attention_for_cpu


def fvcore_count(analysis: FlopCountAnalysis) -> Count:
    """Return the FLOPs by `fvcore.nn.FlopCountAnalysis`, as the editions from 2024 on call it.

    Convolutions and matrix products count multiply-adds without bias, affine batch normalisation 2
    per element, other normalisation 5 (4 without an affine part), bilinear resizing 4 per output
    element, nearest and adaptive average pooling 1; einsum has four digits of precision. What does
    not reach the output is not counted.
    """
    by_operator = {name: int(flops) for name, flops in analysis.by_operator().items()}
    return Count(sum(by_operator.values()), by_operator, dict(analysis.unsupported_ops()))


def fvcore_analysis(network: nn.Module, input: Tensor) -> FlopCountAnalysis:
    """Trace one forward; what the analysis is asked later runs the network no more."""
    analysis = FlopCountAnalysis(network, input.clone())
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    analysis.tracer_warnings("none")
    traced: AbstractContextManager[Any] = nullcontext()
    if input.is_meta:
        traced = _TracedConvolution()  # type: ignore[no-untyped-call]
    with _hooks_kept(network), traced:
        analysis.total()
    return analysis


@uncompiled
class _TracedConvolution(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Lets convolutions on the meta device into a trace, as they enter it on any other.

    A trace records the `_convolution` within a `convolution`. On the meta device there is none:
    shapes are computed in Python, which fails while sizes are traced. Here it is called in place,
    with the tracer let in again, which the dispatcher keeps out while it is in a mode.
    """

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is not ops.aten.convolution.default:
            return func(*args, **(kwargs or {}))
        included, excluded = (
            _C._dispatch_tls_local_include_set(),
            _C._dispatch_tls_local_exclude_set(),
        )
        with _C._ForceDispatchKeyGuard(included, excluded.remove("Tracer")):
            return ops.aten._convolution.default(*args, *_NO_CUDNN_FLAGS, **(kwargs or {}))


def torch_count(network: nn.Module, input: Tensor) -> Count:
    """Return half of what `torch.utils.flop_counter.FlopCounterMode` counts.

    Convolutions, matrix products and fused attention, without bias. It knows the fused attention
    of GPUs; that of CPUs is added by the same formula, so that the device makes no difference.
    """
    counter = FlopCounterMode(display=False, custom_mapping={_CPU_ATTENTION: _attention})
    given = input.clone()
    with _Witness(counter.flop_registry) as witness, counter:
        uncompiled(type(counter.mode))
        network(given)
    counted = counter.get_flop_counts().get("Global", {})
    return _count({operator: flops // 2 for operator, flops in counted.items()}, witness)


def ptflops_count(network: nn.Module, input: Tensor) -> Count:
    """Return the multiply-adds by the aten backend of ptflops: convolutions and matrix products.

    A bias counts one per output element, told apart in `biases`; fused attention is unknown. The
    other backend is not used: it replaces functions of torch for the whole process, and prints an
    error instead of raising it.
    """
    mode = uncompiled(PtflopsMode)()
    given = input.clone()
    with _Witness(mode.all_ops) as witness, mode:
        network(given)
    counted = _count(mode.flop_counts["Global"], witness)
    return replace(counted, biases=dict(witness.biases))


def _attention(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    return sdpa_flop_count(query, key, value)  # type: ignore[no-untyped-call,no-any-return]


@uncompiled
class _Witness(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the calls of operators that a counter above it lets through uncounted, and biases.

    Views touch no element and are left out.
    """

    def __init__(self, known: Collection[Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.known = known
        self.unknown: Counter[str] = Counter()
        self.biases: Counter[str] = Counter()  # operator -> elements that a bias is added to

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func.overloadpacket not in self.known and not func.is_view:
            self.unknown[_name(func.overloadpacket)] += 1
        result = func(*args, **(kwargs or {}))
        place = _BIAS.get(func)
        if place is not None and args[place] is not None:
            self.biases[_name(func.overloadpacket)] += result.numel()
        return result


def _count(by_operator: dict[Any, int], witness: _Witness) -> Count:
    named = {_name(operator): int(flops) for operator, flops in by_operator.items()}
    return Count(sum(named.values()), named, dict(witness.unknown))


def _name(operator: Any) -> str:
    """Name an operator as fvcore does: `aten::convolution`, not `aten.convolution`."""
    return str(operator).replace(".", "::", 1)


@contextmanager
def _hooks_kept(network: nn.Module) -> Iterator[None]:
    """Take off the hooks that a counter leaves behind when it fails."""
    tables = [
        table
        for module in network.modules()
        for table in (module._forward_hooks, module._forward_pre_hooks)
    ]
    before = [set(table) for table in tables]
    try:
        yield
    finally:
        for table, kept in zip(tables, before, strict=True):
            for key in set(table) - kept:
                del table[key]
