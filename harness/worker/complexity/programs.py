"""What an exported program costs: its operators counted by shape, in fvcore's units.

A program has no modules, so that hooks see nothing, and fvcore cannot trace it. Its own graph is
read instead: that of torch as it reaches the dispatcher, that of ONNX by inferred shapes. The
formulas are those that fvcore states; a convolution's activations are its outputs, as ever.
"""

from collections import Counter
from math import prod
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import sdpa_flop_count

from harness.errors import ForwardError
from harness.records import Complexity, Count

Shape = tuple[int, ...]
GRAPH = "graph"  # the counter's name beside fvcore's and the others'
_BILINEAR, _NEAREST, _POOLED = 4, 1, 1  # multiply-accumulates per element, as fvcore has them
# of ONNX operators, those that move, reshape or compare and never multiply
_IDLE = {
    *("Concat", "Split", "Slice", "Reshape", "Transpose", "Shape", "Gather", "Cast", "Identity"),
    *("Constant", "ConstantOfShape", "Expand", "Squeeze", "Unsqueeze", "Pad", "DepthToSpace"),
    *("SpaceToDepth", "Flatten", "Tile", "Where", "Equal", "Range", "QuantizeLinear"),
    *("DequantizeLinear", "DynamicQuantizeLinear"),
}


class _Tally:
    """Sums of one forward."""

    def __init__(self) -> None:
        self.flops: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.activations = self.num_conv = 0

    def convolution(self, name: str, given: Shape, weight: Shape, out: Shape, back: bool) -> None:
        """Count a convolution: a transposed one by the positions of its input."""
        self.flops[name] += given[0] * prod(weight) * prod((given if back else out)[2:])
        self.activations += prod(out)
        self.num_conv += 1

    def complexity(self) -> Complexity:
        """Return what was counted."""
        count = Count(self.flops.total(), dict(self.flops), dict(self.unknown))
        return Complexity({GRAPH: count}, self.activations, self.num_conv)


def count_program(program: Any, input: torch.Tensor) -> Complexity:
    """Count one forward of a Program on `input`, float [1, 3, height, width].

    ForwardError where an ONNX graph does not take that size.
    """
    tally = _Tally()
    if program.graph is not None:
        _count_onnx(program.graph, tuple(input.shape), tally)
    else:
        with torch.no_grad(), _Dispatched(tally):
            program(input)
    return tally.complexity()


# ------------------------------------------------------------ programs of torch


class _Dispatched(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what reaches the dispatcher."""

    def __init__(self, tally: _Tally) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.tally = tally

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = str(func.overloadpacket).replace(".", "::", 1)
        _count_aten(name, args, result, self.tally, func.is_view)
        return result


def _count_aten(name: str, args: Any, result: Any, tally: _Tally, view: bool) -> None:
    plain = name.removeprefix("aten::").rstrip("_")
    if plain in ("convolution", "_convolution", "mkldnn_convolution"):
        transposed = bool(args[6]) if plain != "mkldnn_convolution" else False
        shapes = (tuple(args[0].shape), tuple(args[1].shape), tuple(result.shape))
        tally.convolution("conv", *shapes, transposed)
    elif plain in ("mm", "bmm"):
        tally.flops["matmul"] += prod(args[0].shape) * args[1].shape[-1]
    elif plain in ("addmm", "baddbmm"):
        tally.flops["matmul"] += prod(args[1].shape) * args[2].shape[-1]
    elif plain.startswith("_scaled_dot_product"):
        shapes = tuple(tensor.shape for tensor in args[:3])
        tally.flops["attention"] += sdpa_flop_count(*shapes) // 2  # type: ignore[no-untyped-call]
    elif plain.startswith("upsample_bilinear2d"):
        tally.flops["upsample_bilinear2d"] += _BILINEAR * result.numel()
    elif plain.startswith("upsample_nearest2d"):
        tally.flops["upsample_nearest2d"] += _NEAREST * result.numel()
    elif plain == "_adaptive_avg_pool2d":
        tally.flops["adaptive_avg_pool2d"] += _POOLED * args[0].numel()
    elif plain in ("native_batch_norm", "_native_batch_norm_legit_no_training"):
        tally.flops["batch_norm"] += args[0].numel() * (1 if args[1] is None else 2)
    elif plain in ("native_layer_norm", "native_group_norm"):
        affine = args[2 if plain == "native_layer_norm" else 1] is not None
        tally.flops[plain.removeprefix("native_")] += args[0].numel() * (5 if affine else 4)
    elif not view:
        tally.unknown[name] += 1


# ------------------------------------------------------------ ONNX


def _count_onnx(model: Any, size: Shape, tally: _Tally) -> None:
    shapes = _shapes(model, size)
    for node in model.graph.node:
        try:
            _count_node(node, shapes, tally)
        except KeyError:  # a shape that the graph does not tell before it runs
            tally.unknown[f"onnx::{node.op_type} of unknown shape"] += 1


def _shapes(model: Any, size: Shape) -> dict[str, Shape]:
    """Return the shapes of a graph's tensors for an input of `size`."""
    import onnx

    sized = onnx.ModelProto()
    sized.CopyFrom(model)
    for side, length in zip(sized.graph.input[0].type.tensor_type.shape.dim, size, strict=True):
        if side.dim_value not in (0, length):
            raise ForwardError(
                f"the graph takes a side of {side.dim_value} alone where costs are stated for "
                f"{'x'.join(map(str, size))}; export it with a height and width that vary"
            )
        side.dim_value = length
    for output in sized.graph.output:  # what was inferred for the exported size holds no more
        output.type.tensor_type.ClearField("shape")
    del sized.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(sized, data_prop=True).graph
    values = [*inferred.input, *inferred.value_info, *inferred.output]
    shapes = {value.name: _known(value.type.tensor_type.shape.dim) for value in values}
    constants = {tensor.name: tuple(tensor.dims) for tensor in inferred.initializer}
    known = {name: shape for name, shape in shapes.items() if shape is not None} | constants
    unknown = {
        name
        for node in sized.graph.node
        if node.op_type not in _IDLE
        for name in (*node.input, *node.output)
        if name and name not in known
    }
    return known | _run_shapes(sized, sorted(unknown), size)


def _run_shapes(model: Any, names: list[str], size: Shape) -> dict[str, Shape]:
    """Run a graph for the shapes of those tensors that cannot be inferred."""
    if not names:
        return {}
    import onnx
    import onnxruntime

    given = {output.name for output in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in given)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (source,) = session.get_inputs()
    kind = np.float16 if "16" in source.type else np.float32
    values = session.run(names, {source.name: np.zeros(size, kind)})
    return {name: value.shape for name, value in zip(names, values, strict=True)}


def _known(sides: Any) -> Shape | None:
    return tuple(side.dim_value for side in sides) if all(s.dim_value for s in sides) else None


def _count_node(node: Any, shapes: dict[str, Shape], tally: _Tally) -> None:
    kind, given, result = node.op_type, list(node.input), node.output[0]
    if kind in ("Conv", "ConvTranspose", "ConvInteger"):
        sizes = (shapes[given[0]], shapes[given[1]], shapes[result])
        tally.convolution("conv", *sizes, kind == "ConvTranspose")
    elif kind == "QLinearConv":
        tally.convolution("conv", shapes[given[0]], shapes[given[3]], shapes[result], False)
    elif kind in ("MatMul", "MatMulInteger"):
        tally.flops["matmul"] += prod(shapes[given[0]]) * shapes[given[1]][-1]
    elif kind == "QLinearMatMul":
        tally.flops["matmul"] += prod(shapes[given[0]]) * shapes[given[3]][-1]
    elif kind == "Gemm":
        turned = any(a.name == "transA" and a.i for a in node.attribute)
        tally.flops["matmul"] += prod(shapes[result]) * shapes[given[0]][0 if turned else -1]
    elif kind == "Einsum":
        tally.flops["einsum"] += _einsum(node, [shapes[name] for name in given])
    elif kind == "Resize":
        _count_resize(node, prod(shapes[result]), tally)
    elif kind == "BatchNormalization":
        tally.flops["batch_norm"] += 2 * prod(shapes[result])
    elif kind in ("LayerNormalization", "InstanceNormalization", "GroupNormalization"):
        tally.flops["norm"] += 5 * prod(shapes[result])
    elif kind == "GlobalAveragePool":
        tally.flops["adaptive_avg_pool2d"] += _POOLED * prod(shapes[given[0]])
    elif kind not in _IDLE:
        tally.unknown[f"onnx::{kind}"] += 1


def _einsum(node: Any, shapes: list[Shape]) -> int:
    """Multiply the lengths of all letters: one multiply-accumulate for each of their values."""
    equation = next(a.s.decode() for a in node.attribute if a.name == "equation")
    terms = equation.replace(" ", "").partition("->")[0].split(",")
    lengths = {
        letter: length
        for term, shape in zip(terms, shapes, strict=True)
        for letter, length in zip(term, shape, strict=True)
    }
    return prod(lengths.values())


def _count_resize(node: Any, elements: int, tally: _Tally) -> None:
    mode = next((a.s.decode() for a in node.attribute if a.name == "mode"), "nearest")
    if mode == "linear":
        tally.flops["upsample_bilinear2d"] += _BILINEAR * elements
    elif mode == "nearest":
        tally.flops["upsample_nearest2d"] += _NEAREST * elements
    else:
        tally.unknown[f"onnx::Resize, {mode}"] += 1
