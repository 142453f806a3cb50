"""An exported program costs what the network that it was exported from costs, by fvcore."""

import numpy as np
import pytest
import torch
from torch import nn

from harness.records import Manifest, ModelTable
from harness.worker.complexity import (
    Counting,
    by_content,
    count_parameters,
    count_program,
    measure,
)
from harness.worker.loading import Program, load
from tests.support.architectures import ARCHITECTURES

onnx = pytest.importorskip("onnx", reason="the extra `onnx` is not installed")

SIDES = ({2: torch.export.Dim("height", min=4), 3: torch.export.Dim("width", min=4)},)


class Mixed(nn.Module):
    """All that the published networks count: convolutions, scales, PReLU, resizing, a mean."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.rand(1, 3, 1, 1), persistent=False)
        self.head = nn.Conv2d(3, 8, 3, padding=1)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.rectifier = nn.PReLU(8)
        self.scale = nn.Parameter(torch.rand(1, 8, 1, 1))
        self.up = nn.ConvTranspose2d(8, 3, 4, 4, bias=False)

    def forward(self, x):
        features = self.head(x - self.mean)
        features = self.rectifier(self.depthwise(features) * self.scale)
        size = (x.shape[-2] * 4, x.shape[-1] * 4)
        coarse = nn.functional.interpolate(x, size=size, mode="bilinear", align_corners=False)
        return self.up(features) + coarse


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Mixed().eval().requires_grad_(False)


def exported(network, folder, form):
    """Export `network` and load it back as a worker does."""
    lr = torch.rand(1, 3, 12, 16)
    file = folder / f"program.{form}"
    if form == "pt2":
        torch.export.save(torch.export.export(network, (lr,), dynamic_shapes=SIDES), file)
    elif form == "onnx":
        pytest.importorskip("onnxscript", reason="torch exports to ONNX by onnxscript")
        model = torch.onnx.export(network, (lr,), dynamic_shapes=SIDES, verbose=False).model_proto
        file.write_bytes(model.SerializeToString())
    else:
        traced = torch.jit.trace(network, lr)
        (torch.jit.freeze(traced) if form == "frozen" else traced).save(str(file))
    kind = {"pt2": "pt2", "onnx": "onnx"}.get(form, "torchscript")
    manifest = Manifest("program", ModelTable(file.name, format=kind))
    return load(manifest, folder, torch.device("cpu")).network


@pytest.mark.parametrize("form", ["torchscript", "frozen", "pt2", "onnx"])
@pytest.mark.filterwarnings("ignore")  # torch's exporters, of themselves
def test_figures_are_those_of_the_network(network, tmp_path, form):
    program = exported(network, tmp_path, form)
    assert isinstance(program.module, Program)
    lr = torch.rand(1, 3, 20, 28)
    expected = measure(network, lr)
    counted = count_program(program.module, lr)
    assert counted.flops["graph"].flops == expected.flops["fvcore"].flops
    assert counted.activations == expected.activations
    assert counted.num_conv == expected.num_conv
    folded = 8 if form == "frozen" else 0  # freezing multiplies the scale into the convolution
    assert count_parameters(program.module) == count_parameters(network) - folded
    torch.testing.assert_close(program(lr), network(lr), atol=1e-5, rtol=1e-5)
    flops, sr = Counting(program, counted, lr, 20 * 28)("graph", lr)
    assert flops == counted.flops["graph"].flops
    assert torch.equal(sr, program(lr))


@pytest.mark.heavy
@pytest.mark.parametrize("form", ["torchscript", "pt2", "onnx"])
@pytest.mark.filterwarnings("ignore")
def test_span_costs_what_was_published_in_every_form(tmp_path, form):
    program = exported(ARCHITECTURES["span_2026_x4"].build().eval(), tmp_path, form)
    counted = count_program(program.module, torch.rand(1, 3, 256, 256))
    assert counted.flops["graph"].flops == 9_833_807_872  # results of NTIRE 2026, unrounded
    assert counted.activations == 41_680_896
    assert count_parameters(program.module) == 150_688


def graph(*nodes, **constants):
    """Return a program of nodes, each an operator, what it takes, what it gives, its attributes."""
    helper, shape = onnx.helper, [1, 3, "h", "w"]
    ends = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, shape) for n in ("lr", "sr")]
    kept = [onnx.numpy_helper.from_array(np.array(of), name) for name, of in constants.items()]
    made = [helper.make_node(kind, given, [to], **more) for kind, given, to, more in nodes]
    model = helper.make_model(helper.make_graph(made, "graph", ends[:1], ends[1:], kept))
    return Program(torch.sin, {}, "an ONNX graph", model)


def test_an_operator_that_no_formula_knows_is_listed():
    program = graph(
        ("Sin", ["lr"], "wave", {}), ("Transpose", ["wave"], "sr", {"perm": [0, 1, 2, 3]})
    )
    counted = count_program(program, torch.rand(1, 3, 8, 8))
    assert counted.flops["graph"].unknown == {"onnx::Sin": 1}
    assert counted.flops["graph"].flops == 0


def test_a_graph_that_works_on_bright_values_alone_costs_by_what_the_image_shows():
    program = graph(
        ("Reshape", ["lr", "all"], "flat", {}),
        ("Greater", ["flat", "half"], "bright", {}),
        ("Compress", ["flat", "bright"], "chosen", {"axis": 0}),
        ("Reshape", ["chosen", "rows"], "row", {}),
        ("MatMul", ["row", "expert"], "worked", {}),
        ("Identity", ["lr"], "sr", {}),
        all=[-1],
        rows=[-1, 1],
        half=np.float32(0.5),
        expert=np.ones((1, 5), np.float32),
    )
    image = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    bright = int((image > 0.5).sum())
    assert count_program(program, image).flops["graph"].flops == 5 * bright
    told = by_content(
        lambda one: count_program(program, one).flops["graph"].flops, image, [image * 0]
    )
    assert (told["smooth"], told["photograph 1"]) == (5 * bright, 0)
