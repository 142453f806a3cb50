"""Exported programs of the shipped examples: the network's pixels, and what they refuse."""

import sys

import pytest
import torch
import torch.nn.functional as F

from harness.entries.manifest import read_manifest
from harness.errors import ForwardError, LoadingError, SubmissionError
from harness.records import Manifest, ModelTable
from harness.worker.complexity import count_parameters, count_program
from harness.worker.loading import forward, load
from tests.support.places import SUBMISSIONS

pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
CPU = torch.device("cpu")
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch, of itself


def shipped(name):
    folder = SUBMISSIONS / name
    return load(read_manifest(folder), folder, CPU).network


@pytest.mark.parametrize("form", ["torchscript", "pt2", "onnx"])
@pytest.mark.parametrize("size", [(48, 64), (33, 47)])
def test_a_program_restores_what_its_network_restores(form, size):
    lr = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    own, program = shipped("demo_small"), shipped(f"demo_small_{form}")
    torch.testing.assert_close(forward(program, lr), forward(own, lr), atol=1e-6, rtol=0)


def test_an_eight_bit_graph_says_so():
    network = shipped("demo_small_int8")
    assert network.module.weight_types() == {"int8", "int32"}
    assert "opset" in network.module.description()
    lr = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    difference = (forward(network, lr) - forward(shipped("demo_small"), lr)).abs()
    assert 1e-4 < difference.mean() < 0.1  # it is quantised, and of the same network


def test_a_program_is_what_it_was_exported_as():
    with pytest.raises(LoadingError, match="runs as it was exported"):
        shipped("demo_small_onnx").module.to(torch.float16)


def test_a_size_that_a_graph_does_not_take_is_named(tmp_path):
    import onnx

    model = onnx.load(SUBMISSIONS / "demo_small_onnx" / "program.onnx")
    for side, length in zip(
        model.graph.input[0].type.tensor_type.shape.dim, (1, 3, 16, 16), strict=True
    ):
        side.dim_value = length
    (tmp_path / "fixed.onnx").write_bytes(model.SerializeToString())
    network = load(
        Manifest("fixed", ModelTable("fixed.onnx", format="onnx")), tmp_path, CPU
    ).network
    with pytest.raises(ForwardError, match=r"takes images of 1x3x16x16 alone, not 1x3x24x32"):
        forward(network, torch.rand(1, 3, 24, 32))


@pytest.mark.parametrize("form", ["torchscript", "pt2", "onnx"])
def test_a_file_that_is_no_program_is_named(tmp_path, form):
    (tmp_path / "program.bin").write_text("no program")
    with pytest.raises(LoadingError, match=rf"loading the {form} program program\.bin"):
        load(Manifest("none", ModelTable("program.bin", format=form)), tmp_path, CPU)


def test_without_onnxruntime_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(LoadingError, match=r"needs the package onnxruntime.*esr-harness\[onnx\]"):
        shipped("demo_small_onnx")


def test_what_is_for_python_networks_is_refused(tmp_path):
    (tmp_path / "program.pt").write_bytes(b"")
    text = 'name = "x"\n[model]\nfile = "program.pt"\nformat = "torchscript"\nfactory = "Net"\n'
    (tmp_path / "submission.toml").write_text(text)
    with pytest.raises(SubmissionError, match=r"model\.factory is for Python networks"):
        read_manifest(tmp_path)


def test_a_python_network_needs_a_factory(tmp_path):
    (tmp_path / "model.py").write_text("")
    (tmp_path / "submission.toml").write_text('name = "x"\n[model]\nfile = "model.py"\n')
    with pytest.raises(SubmissionError, match=r"model\.factory is missing"):
        read_manifest(tmp_path)


class Frozen(torch.nn.Module):
    """What `convert_pt2e` leaves: a float weight without use, and whole numbers in its place."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(48, 3, 3, 3))
        self.bias = torch.nn.Parameter(torch.zeros(48))
        whole = torch.arange(48 * 27).remainder(7).sub(3).to(torch.int8).view(48, 3, 3, 3)
        self.register_buffer("frozen", whole)
        self.register_buffer("steps", torch.full((48,), 0.01))
        self.register_buffer("zeros", torch.zeros(48, dtype=torch.int64))

    def forward(self, x):
        weight = torch.ops.quantized_decomposed.dequantize_per_channel(
            self.frozen, self.steps, self.zeros, 0, -128, 127, torch.int8
        )
        return F.pixel_shuffle(F.conv2d(x, weight, self.bias, padding=1), 4)


def test_a_quantised_program_is_counted_by_its_whole_numbers(tmp_path):
    import torch.ao.quantization.fx._decomposed  # registers the operators

    lr = torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(0))
    exported = torch.export.export(Frozen(), (lr,))
    torch.export.save(exported, tmp_path / "program.pt2")
    manifest = Manifest("frozen", ModelTable("program.pt2", format="pt2"))
    network = load(manifest, tmp_path, CPU).network
    assert count_parameters(network.module) == 48 * 27 + 48
    assert network.module.weight_types() == {"float32", "int8"}
    counted = count_program(network.module, lr)
    assert counted.flops["graph"].flops == 16 * 24 * 48 * 27
    torch.testing.assert_close(forward(network, lr), Frozen()(lr).detach())
