"""Parameters that take no part in a forward, as of branches that training alone needs."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode

from harness.records import Unused
from harness.worker.complexity.modes import uncompiled


def unused_parameters(network: nn.Module, image: Tensor) -> Unused | None:
    """Return the parameters without part in what `network` makes of `image`.

    A parameter has a part where an operator takes it together with what depends on the image, or
    where a gradient leads from the output to it, which finds those that a weight is computed from.
    None where that is not known: some do not meet the image, and the network runs without
    gradients, or fails with them. It is run in eval mode, and left without gradients.
    """
    parts = _parts(network, image, gradients=True) or _parts(network, image, gradients=False)
    if parts is None:
        return None
    met, reached = parts
    unmet = {
        name: parameter
        for name, parameter in network.named_parameters()
        if not is_lazy(parameter) and _storage(parameter) not in met
    }
    if unmet and not reached:
        return None
    unused = {name: one.numel() for name, one in unmet.items() if id(one) not in reached}
    return Unused(tuple(unused), sum(unused.values()))


def _parts(network: nn.Module, image: Tensor, gradients: bool) -> tuple[set[int], set[int]] | None:
    """Return the storages that met the image, and the tensors that gradients lead to.

    None where the network fails: it is asked for no gradients elsewhere, and for no noise.
    """
    try:
        network.requires_grad_(gradients)
        with torch.set_grad_enabled(gradients), _without_saving(), _Meeting(image) as meeting:
            output = network(meeting.image)
    except Exception:
        return None
    finally:
        network.requires_grad_(False)
    return meeting.met, {id(leaf) for leaf in _leaves(output)}


@uncompiled
class _Meeting(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows what depends on an image, and remembers the storages that met it in an operator."""

    def __init__(self, image: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.image = image.clone()
        self.met: set[int] = set()
        self._dependent = {_storage(self.image)}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        given = {_storage(one) for one in _tensors((args, kwargs or {}))}
        # a storage may come to lie where a dependent one was: it counts as dependent, and the
        # parameters beside it as used, which flags too little, never too much
        if given & self._dependent:
            self.met |= given
            self._dependent |= {_storage(one) for one in _tensors(result)}
        return result


def _leaves(output: Any) -> Iterator[Tensor]:
    """Yield the tensors that gradients of `output` lead to."""
    waiting = [one.grad_fn for one in _tensors(output) if one.grad_fn]
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        if (leaf := getattr(node, "variable", None)) is not None:
            yield leaf
        following = {one for one, _ in node.next_functions if one is not None} - seen
        seen |= following
        waiting += following


def _without_saving() -> AbstractContextManager[Any]:
    """Keep nothing for a backward, which is never made."""

    def nothing(_: Any) -> Any:
        return None

    return torch.autograd.graph.saved_tensors_hooks(nothing, nothing)


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _tensors(values: Any) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, dict):
        yield from _tensors(tuple(values.values()))
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _tensors(value)
