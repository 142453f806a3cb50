"""What an ONNX graph costs: its operators by the shapes that are inferred for an input."""

from math import prod
from typing import Any

import numpy as np
import torch

from harness.errors import ForwardError
from harness.worker.complexity.tally import BILINEAR, INT8, NEAREST, POOLED, Shape, Tally

# of ONNX operators, those that move, reshape or compare and never multiply
_IDLE = {
    *("Concat", "Split", "Slice", "Reshape", "Transpose", "Shape", "Gather", "Cast", "Identity"),
    *("Constant", "ConstantOfShape", "Expand", "Squeeze", "Unsqueeze", "Pad", "DepthToSpace"),
    *("SpaceToDepth", "Flatten", "Tile", "Where", "Equal", "Range", "QuantizeLinear"),
    *("DequantizeLinear", "DynamicQuantizeLinear", "NonZero", "Compress", "GatherND"),
    *("GatherElements", "ScatterND", "ScatterElements"),
}


def count(model: Any, input: torch.Tensor, tally: Tally) -> None:
    """Add to `tally` what a forward of an ONNX model costs on `input`, float [1, 3, height, width].

    The model is run on it where it chooses some shape by what the input shows. Raises ForwardError
    where it does not take that size.
    """
    shapes, kinds = _shapes(model, input), _kinds(model.graph)
    for node in model.graph.node:
        try:
            _count_node(node, shapes, kinds, tally)
        except KeyError:  # a shape that the graph does not tell before it runs
            tally.unknown[f"onnx::{node.op_type} of unknown shape"] += 1


def _shapes(model: Any, input: torch.Tensor) -> dict[str, Shape]:
    """Return the shapes of a graph's tensors for an input."""
    import onnx

    size = tuple(input.shape)
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
    return known | _run_shapes(sized, sorted(unknown), input)


def _run_shapes(model: Any, names: list[str], input: torch.Tensor) -> dict[str, Shape]:
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
    values = session.run(names, {source.name: input.cpu().numpy().astype(kind)})
    return {name: value.shape for name, value in zip(names, values, strict=True)}


def _known(sides: Any) -> Shape | None:
    return tuple(side.dim_value for side in sides) if all(s.dim_value for s in sides) else None


def _kinds(graph: Any) -> dict[str, str]:
    """Return the precision that each tensor is multiplied in, where the graph tells it.

    Runtimes fuse what is dequantised with the operator that it reaches, which multiplies integers.
    """
    import onnx

    types = {
        onnx.TensorProto.FLOAT16: "float16",
        onnx.TensorProto.BFLOAT16: "bfloat16",
        onnx.TensorProto.DOUBLE: "float64",
    }
    kinds = {tensor.name: types.get(tensor.data_type, "float32") for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            kinds[node.output[0]] = INT8
        elif node.op_type in ("Identity", "Transpose", "Reshape") and node.input[0] in kinds:
            kinds[node.output[0]] = kinds[node.input[0]]
    return kinds


def _count_node(node: Any, shapes: dict[str, Shape], kinds: dict[str, str], tally: Tally) -> None:
    kind, given, result = node.op_type, list(node.input), node.output[0]
    integer = kind.endswith("Integer")
    precision = INT8 if integer else kinds.get(next(iter(given[1:]), ""), "float32")
    if kind in ("Conv", "ConvTranspose", "ConvInteger"):
        sizes = (shapes[given[0]], shapes[given[1]], shapes[result])
        tally.convolution(*sizes, precision, kind == "ConvTranspose")
    elif kind == "QLinearConv":
        tally.convolution(shapes[given[0]], shapes[given[3]], shapes[result], INT8)
    elif kind in ("MatMul", "MatMulInteger"):
        macs = prod(shapes[given[0]]) * shapes[given[1]][-1]
        tally.products("matmul", macs, precision)
    elif kind == "QLinearMatMul":
        tally.products("matmul", prod(shapes[given[0]]) * shapes[given[3]][-1], INT8)
    elif kind == "Gemm":
        turned = any(a.name == "transA" and a.i for a in node.attribute)
        macs = prod(shapes[result]) * shapes[given[0]][0 if turned else -1]
        tally.products("matmul", macs, precision)
    elif kind == "Einsum":
        tally.products("einsum", _einsum(node, [shapes[name] for name in given]), precision)
    elif kind == "Resize":
        _count_resize(node, prod(shapes[result]), tally)
    elif kind == "BatchNormalization":
        tally.flops["batch_norm"] += 2 * prod(shapes[result])
    elif kind in ("LayerNormalization", "InstanceNormalization", "GroupNormalization"):
        tally.flops["norm"] += 5 * prod(shapes[result])
    elif kind == "GlobalAveragePool":
        tally.flops["adaptive_avg_pool2d"] += POOLED * prod(shapes[given[0]])
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


def _count_resize(node: Any, elements: int, tally: Tally) -> None:
    mode = next((a.s.decode() for a in node.attribute if a.name == "mode"), "nearest")
    if mode == "linear":
        tally.flops["upsample_bilinear2d"] += BILINEAR * elements
    elif mode == "nearest":
        tally.flops["upsample_nearest2d"] += NEAREST * elements
    else:
        tally.unknown[f"onnx::Resize, {mode}"] += 1
