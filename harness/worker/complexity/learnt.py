"""What a network has learnt: parameters, those too that quantised modules have packed away.

Quantised modules of torch.ao have no parameters, and those of torchao are tensors that hold others.
Sparsity counts zeros by layer: what was pruned is still there, and nothing here runs faster for it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from harness.records import Layer, Weights

_PACKED = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized")
_GROUP, _KEPT = 4, 2  # of 4 neighbours at most 2 are not zero: what sparse tensor cores want
_LEAST = 0.1  # share of zeros from which a layer is listed: rounding to 8 bits leaves some


@dataclass(frozen=True)
class Learnt:
    """One learnt tensor."""

    name: str
    value: Tensor  # as it is kept

    @property
    def dtype(self) -> str:
        """Return the type of its elements as they are kept: `float32`, `int8`, ..."""
        return str(_parts(self.value)[0].dtype).removeprefix("torch.").removeprefix("q")

    @property
    def bytes(self) -> int:
        """Return what it takes, scales and zero points of its own with it."""
        return sum(part.numel() * part.element_size() for part in _parts(self.value))

    def plain(self) -> Tensor:
        """Return its values as they act."""
        held = self.value.is_quantized or _is_quantised(self.value)
        return self.value.dequantize() if held else self.value.detach()


def learnt(network: nn.Module) -> Iterator[Learnt]:
    """Yield what a network has learnt; a parameter that is shared once, none without a size."""
    for name, parameter in network.named_parameters():
        if not is_lazy(parameter):
            yield Learnt(name, parameter)
    for name, module in network.named_modules():
        if type(module).__module__.startswith(_PACKED):
            for part in ("weight", "bias"):
                value = getattr(module, part, None)
                value = value() if callable(value) else value
                if isinstance(value, Tensor) and part not in module._parameters:
                    yield Learnt(f"{name}.{part}".lstrip("."), value)


def is_quantised(network: nn.Module) -> bool:
    """Tell whether some of it is kept in the quantised forms of torch.ao or torchao."""
    return any(one.value.is_quantized or _is_quantised(one.value) for one in learnt(network))


def weights(network: nn.Module, file_bytes: int) -> Weights:
    """Say how a network's weights are kept, and which are zero."""
    elements: Counter[str] = Counter()
    taken = zeros = 0
    layers = []
    for one in learnt(network):
        elements[one.dtype] += one.value.numel()
        taken += one.bytes
        plain = one.plain().float()
        none = int((plain == 0).sum())
        zeros += none
        if plain.dim() > 1 and none >= _LEAST * plain.numel():
            layers.append(Layer(one.name, plain.numel(), none, _is_two_of_four(plain)))
    return Weights(dict(elements), taken, file_bytes, zeros, tuple(layers))


def _is_two_of_four(weight: Tensor) -> bool:
    """Tell whether at most 2 of 4 neighbours are kept, along input channels or the whole row."""
    rows = weight.flatten(1)
    ways = (weight.movedim(1, -1), rows)
    fitting = [way for way in ways if way.shape[-1] % _GROUP == 0 and way.numel()]
    kept = [int((way.reshape(-1, _GROUP) != 0).sum(1).max()) for way in fitting]
    return bool(rows.any()) and min(kept, default=_GROUP) <= _KEPT


def _is_quantised(value: Tensor) -> bool:
    return hasattr(value, "__tensor_flatten__") and hasattr(value, "dequantize")


def _parts(value: Tensor) -> list[Tensor]:
    """Return the plain tensors that a tensor of torchao is made of; of any other, itself."""
    if type(value) in (Tensor, nn.Parameter) or not hasattr(value, "__tensor_flatten__"):
        return [value]
    names, _ = value.__tensor_flatten__()
    inner = [getattr(value, name) for name in names]
    return [part for one in inner if isinstance(one, Tensor) for part in _parts(one)]
