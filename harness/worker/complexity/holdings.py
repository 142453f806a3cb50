"""What an entry holds beside its parameters: numbers that could be weights, wherever they lie.

Python's collector knows every object that refers to others, so that what a module, a closure, a
global or a cache of the entry's refers to is found without knowing where to look. What lies in
memory that Python does not manage, a library's own, is not seen.
"""

import array
import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

_FLOAT_BYTES = 4
_LARGE = 2**24  # integers from here on are neither indices nor levels: bits of floats, perhaps
_INDICES = (torch.int32, torch.int64)
_BYTES = (bytes, bytearray, array.array)
_LEAST_BYTES = 4096  # of those: most of the interpreter's own have fewer
# bound before any entry's code runs
_objects, _referents, _is_tracked = gc.get_objects, gc.get_referents, gc.is_tracked
_unfreeze, _collect = gc.unfreeze, gc.collect


class Holdings:
    """Remembers what was held before an entry was loaded."""

    def __init__(self) -> None:
        held = list(_held())
        self._floats = sum(type(one) is float for one in held)
        # kept, so that their memory is nobody else's later
        self._before = [(_place(one), one) for one in held if type(one) is not float]

    def beside(self, network: nn.Module, apart: Iterable[nn.Module | Tensor]) -> dict[str, int]:
        """Return kind -> elements that are held beside the parameters of `network`.

        Kinds are `buffers`, `tensors`, `arrays`, `bytes` and `numbers`, which are Python's; each
        storage counts once, whole. Left out are the statistics of normalisations, tensors of at
        most two values, as masks are, integers that may be indices, and what belongs to `apart`.
        """
        known = {place for place, _ in self._before}
        for part in (network, *apart):
            known.update(map(_place, [part] if isinstance(part, Tensor) else part.parameters()))
        known.update(map(_place, _statistics(network)))
        buffers = set(map(_place, network.buffers()))
        found, floats = Counter[str](), -self._floats
        for one in _held():
            if type(one) is float:
                floats += 1
            elif (place := _place(one)) not in known:
                known.add(place)
                found["buffers" if place in buffers else _kind(one)] += _elements(one)
        found["numbers"] = max(0, floats)
        for part in network.parameters():  # a small view of a large storage
            found["tensors"] += max(0, _storage_elements(part) - part.numel())
        return {kind: count for kind, count in sorted(found.items()) if count}


def _held() -> Iterator[Any]:
    """Yield all tensors, arrays, long bytes and floats that some object refers to."""
    _unfreeze()
    _collect()
    everything = _objects()
    yield from (one for one in everything if issubclass(type(one), Tensor))
    seen, waiting = set[int](), everything
    while waiting:  # what the collector does not track may hold such things as well
        further = []
        for one in _referents(*waiting):
            kind = type(one)
            if kind is float:
                yield one
            elif issubclass(kind, np.ndarray):
                yield _whole(one)
            elif issubclass(kind, _BYTES):
                if memoryview(one).nbytes >= _LEAST_BYTES:
                    yield one
            elif issubclass(kind, dict | tuple) and not _is_tracked(one) and id(one) not in seen:
                seen.add(id(one))
                further.append(one)
        waiting = further


def _whole(view: Any) -> Any:
    while isinstance(view.base, np.ndarray):
        view = view.base
    return view


def _statistics(network: nn.Module) -> Iterator[Tensor]:
    for module in network.modules():
        if isinstance(module, _NormBase):
            yield from module.buffers(recurse=False)


def _kind(one: Any) -> str:
    if isinstance(one, Tensor):
        return "tensors"
    return "arrays" if isinstance(one, np.ndarray) else "bytes"


def _place(one: Any) -> tuple[str, int]:
    """Return what tells the memory of one thing from that of others."""
    if isinstance(one, Tensor):
        try:
            return "memory", one.untyped_storage().data_ptr()
        except (RuntimeError, NotImplementedError):  # it has no storage
            return "object", id(one)
    if isinstance(one, np.ndarray):
        return "memory", int(one.__array_interface__["data"][0])
    return "object", id(one)


def _elements(one: Any) -> int:
    if isinstance(one, Tensor):
        return _tensor_elements(one)
    if isinstance(one, np.ndarray):
        return 0 if one.dtype.kind not in "iufc" else _tensor_elements(torch.from_numpy(one.copy()))
    return memoryview(one).nbytes // _FLOAT_BYTES


def _tensor_elements(tensor: Tensor) -> int:
    if tensor.is_meta or tensor.dtype == torch.bool or not tensor.numel():
        return 0
    values = tensor.detach()
    if values.is_complex():
        values = torch.view_as_real(values)
    values = values.to(torch.float32)
    low, high = values.aminmax()
    if tensor.dtype in _INDICES and max(-low, high) < _LARGE:
        return 0
    if bool(((values == low) | (values == high)).all()):
        return 0
    return _storage_elements(tensor)


def _storage_elements(tensor: Tensor) -> int:
    try:
        return tensor.untyped_storage().nbytes() // tensor.element_size()
    except (RuntimeError, NotImplementedError):
        return tensor.numel()
