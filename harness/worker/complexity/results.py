"""The results of all operators of a forward: their floating-point types, and their memory."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from harness.worker.complexity.modes import uncompiled

_aten = torch.ops.aten
_MOVING = {  # operators that compute nothing
    *(_aten.clone, _aten.copy_, _aten._to_copy, _aten.cat, _aten.stack, _aten.index, _aten.gather),
    *(_aten.empty, _aten.empty_like, _aten.empty_strided, _aten.new_empty, _aten.zeros),
    *(_aten.zeros_like, _aten.new_zeros, _aten.ones, _aten.ones_like, _aten.full, _aten.fill_),
    *(_aten.zero_, _aten.constant_pad_nd, _aten.reflection_pad2d, _aten.replication_pad2d),
    *(_aten.roll, _aten.flip, _aten.im2col, _aten.pixel_shuffle, _aten.pixel_unshuffle),
    *(_aten.repeat, _aten.index_select, _aten.arange, _aten.new_full, _aten.new_ones),
    *(_aten.native_dropout, _aten._unsafe_view, _aten.resize_, _aten.upsample_nearest2d),
}


def precisions(network: Callable[[Tensor], Any], input: Tensor) -> tuple[str, ...]:
    """Return the floating-point dtypes of all results of one forward, sorted: `float16`, ..."""
    given = input.clone()
    with torch.no_grad(), Results() as results:
        network(given)
    return tuple(sorted(str(dtype).removeprefix("torch.") for dtype in results.dtypes))


@uncompiled
class Results(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the floating-point dtypes of what operators return, the elements, and their bytes."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.dtypes: set[torch.dtype] = set()
        self.elements = 0  # of floating-point results that were computed, no views or copies
        self.bytes = 0  # views take none

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        self.dtypes.update(tensor.dtype for tensor in tensors if tensor.is_floating_point())
        if not func.is_view:
            self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in tensors)
            if func.overloadpacket not in _MOVING:
                self.elements += sum(t.numel() for t in tensors if t.is_floating_point())
        return result
