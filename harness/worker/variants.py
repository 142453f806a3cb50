"""The same network run another way: another precision, memory order, compiler or graph."""

from collections.abc import Callable
from dataclasses import replace

import torch

from harness.errors import ForwardError
from harness.records import VariantName
from harness.worker.devices import Device
from harness.worker.loading import Network
from harness.worker.loading.faults import guarded

Forward = Callable[[torch.Tensor], torch.Tensor]


def changed(network: Network, variant: VariantName, device: Device) -> Network:
    """Return `network` as `variant` runs it. The module is changed in place.

    LR comes in float32 and channels first, as the clock hands it over: what a variant does to it
    is a part of its forward. Raises ForwardError where the variant is not possible here.
    """
    forward: Forward = guarded(
        lambda: _MAKERS[variant](network.module, device), f"making it {variant}", ForwardError
    )
    return replace(network, module=_Wrapped(forward))


class _Wrapped(torch.nn.Module):
    """A forward that is not a module's own."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self._forward = forward

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """Map LR to SR."""
        return self._forward(lr)


def _submitted(module: torch.nn.Module, device: Device) -> Forward:
    return module


def _precision(dtype: torch.dtype) -> Callable[[torch.nn.Module, Device], Forward]:
    def make(module: torch.nn.Module, device: Device) -> Forward:
        module.to(dtype)
        return lambda lr: module(lr.to(dtype))

    return make


def _channels_last(module: torch.nn.Module, device: Device) -> Forward:
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return lambda lr: module(lr.contiguous(memory_format=torch.channels_last))


def _compiled(module: torch.nn.Module, device: Device) -> Forward:
    # a compiled forward per size of image, as a team would hand it in, whatever was compiled before
    compiled: Forward = torch.compile(module, dynamic=False)
    return compiled


def _graphed(module: torch.nn.Module, device: Device) -> Forward:
    return device.graphed(module)


_MAKERS: dict[VariantName, Callable[[torch.nn.Module, Device], Forward]] = {
    "as submitted": _submitted,
    "float16": _precision(torch.float16),
    "bfloat16": _precision(torch.bfloat16),
    "channels_last": _channels_last,
    "torch.compile": _compiled,
    "CUDA graph": _graphed,
}
VARIANTS = tuple(_MAKERS)
