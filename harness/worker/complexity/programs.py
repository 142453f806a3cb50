"""What an exported or quantised network costs: its operators by shape, in fvcore's units.

A program has no modules, so that hooks see nothing, and fvcore traces neither it nor packed
weights. What reaches the dispatcher is counted instead, or an ONNX graph read. The formulas are
those that fvcore states; a convolution's activations are its outputs, as ever.
"""

from math import prod
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import sdpa_flop_count

from harness.records import Complexity
from harness.worker.complexity import graphs
from harness.worker.complexity.modes import uncompiled
from harness.worker.complexity.tally import BILINEAR, INT8, NEAREST, POOLED, Tally
from harness.worker.loading.programs import Program

# from one precision to another, and nothing multiplied
_CASTS = ("aten::quantize_per", "aten::dequantize", "aten::_to_copy", "quantized_decomposed::")


def count_program(network: torch.nn.Module, input: torch.Tensor) -> Complexity:
    """Count a forward of a Program, or any other network, on `input`, float [1, 3, height, width].

    ForwardError where an ONNX graph does not take that size.
    """
    tally = Tally()
    if isinstance(network, Program) and network.graph is not None:
        graphs.count(network.graph, input, tally)
    else:
        with torch.no_grad(), _Dispatched(tally):
            network(input.clone())
    return tally.complexity()


@uncompiled
class _Dispatched(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what reaches the dispatcher."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.tally = tally

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = str(func.overloadpacket).replace(".", "::", 1)
        _count_aten(name, args, result, self.tally, func.is_view)
        return result


def _count_aten(name: str, args: Any, result: Any, tally: Tally, view: bool) -> None:
    plain = name.removeprefix("aten::").rstrip("_")
    if plain in ("convolution", "_convolution", "mkldnn_convolution"):
        transposed = bool(args[6]) if plain != "mkldnn_convolution" else False
        shapes = (tuple(args[0].shape), tuple(args[1].shape), tuple(result.shape))
        tally.convolution(*shapes, _precision(args[1]), transposed)
    elif plain.startswith("quantized::"):
        _count_quantised(name, args, result, tally)
    elif plain in ("mm", "bmm", "_int_mm"):
        tally.products("matmul", prod(args[0].shape) * args[1].shape[-1], _precision(args[1]))
    elif plain in ("addmm", "baddbmm"):
        tally.products("matmul", prod(args[1].shape) * args[2].shape[-1], _precision(args[2]))
    elif plain.startswith("_scaled_dot_product"):
        shapes = tuple(tensor.shape for tensor in args[:3])
        macs = sdpa_flop_count(*shapes) // 2  # type: ignore[no-untyped-call]
        tally.products("attention", macs, _precision(args[1]))
    elif plain.startswith("upsample_bilinear2d"):
        tally.flops["upsample_bilinear2d"] += BILINEAR * result.numel()
    elif plain.startswith("upsample_nearest2d"):
        tally.flops["upsample_nearest2d"] += NEAREST * result.numel()
    elif plain == "_adaptive_avg_pool2d":
        tally.flops["adaptive_avg_pool2d"] += POOLED * args[0].numel()
    elif plain in ("native_batch_norm", "_native_batch_norm_legit_no_training"):
        tally.flops["batch_norm"] += args[0].numel() * (1 if args[1] is None else 2)
    elif plain in ("native_layer_norm", "native_group_norm"):
        affine = args[2 if plain == "native_layer_norm" else 1] is not None
        tally.flops[plain.removeprefix("native_")] += args[0].numel() * (5 if affine else 4)
    elif not view and not name.startswith(_CASTS):
        tally.unknown[name] += 1


def _count_quantised(name: str, args: Any, result: Any, tally: Tally) -> None:
    """Count an operator of torch.ao, whose weights are packed into an object of their own."""
    kind = name.removeprefix("quantized::").removesuffix("_relu").removesuffix("_dynamic")
    if kind in ("conv2d", "conv_transpose2d"):
        unpack = getattr(torch.ops.quantized, f"{kind}_unpack")
        weight = tuple(unpack(args[1])[0].shape)
        given, out = tuple(args[0].shape), tuple(result.shape)
        tally.convolution(given, weight, out, INT8, kind == "conv_transpose2d")
    elif kind == "linear":
        weight = torch.ops.quantized.linear_unpack(args[1])[0]
        tally.products("matmul", prod(args[0].shape) * weight.shape[0], INT8)
    else:
        tally.unknown[name] += 1


def _precision(weight: torch.Tensor) -> str:
    return str(weight.dtype).removeprefix("torch.")
