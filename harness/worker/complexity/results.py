"""The results of all operators of a forward: their floating-point types, and their memory."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def precisions(network: Callable[[Tensor], Any], input: Tensor) -> tuple[str, ...]:
    """Return the floating-point dtypes of all results of one forward, sorted: `float16`, ..."""
    given = input.clone()
    with torch.no_grad(), Results() as results:
        network(given)
    return tuple(sorted(str(dtype).removeprefix("torch.") for dtype in results.dtypes))


class Results(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the floating-point dtypes of what operators return, and the bytes that all take."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.dtypes: set[torch.dtype] = set()
        self.bytes = 0  # views take none

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        self.dtypes.update(tensor.dtype for tensor in tensors if tensor.is_floating_point())
        if not func.is_view:
            self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        return result
