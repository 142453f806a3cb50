"""SPAN in six forms in one leaderboard: module, three programs, 8 bits, an operator of its own."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import skimage
import torch
from skimage.metrics import peak_signal_noise_ratio

from harness.cli import main
from harness.images.png import crop_to_multiple, read_image
from harness.images.resize import downscale
from harness.worker.loading.modules import load_file
from tests.support.places import MODELS, ROOT, SUBMISSIONS

pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
WEIGHTS = ROOT.parent / "shared" / "weights" / "span_x4.pth"
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not WEIGHTS.is_file(), reason="SPAN's checkpoint is not here"),
    pytest.mark.filterwarnings("ignore"),  # of exporters, about themselves
]
PARAMS, FLOPS = 150688, 9833807872  # as published
IMAGES = ("astronaut", "coffee")  # of split valid
FORMS = ("module", "torchscript", "pt2", "onnx", "int8", "operator")
OPERATOR = """
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <Python.h>
#include <torch/library.h>
#include <cmath>

at::Tensor gated(const at::Tensor& third, const at::Tensor& x) {
  const auto a = third.contiguous(), b = x.contiguous();
  auto result = at::empty_like(a);
  const float *from = a.const_data_ptr<float>(), *other = b.const_data_ptr<float>();
  float* to = result.data_ptr<float>();
  at::parallel_for(0, a.numel(), 4096, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i)
      to[i] = (from[i] + other[i]) * (1.0f / (1.0f + std::exp(-from[i])) - 0.5f);
  });
  return result;
}
TORCH_LIBRARY(span, library) { library.def("gated(Tensor third, Tensor x) -> Tensor", gated); }
PyMODINIT_FUNC PyInit_gate() {
  static PyModuleDef module = {PyModuleDef_HEAD_INIT, "gate", nullptr, -1, nullptr};
  return PyModule_Create(&module);
}
"""
MODEL = """
import torch
import torch.nn.functional as F
from span import SPAN, Block

def gated(self, x):
    first = F.silu(self.c1_r(x), inplace=True)
    third = self.c3_r(F.silu(self.c2_r(first), inplace=True))
    return torch.ops.span.gated(third, x), first

class Compiled(Block):
    forward = gated

def network():
    from csrc import gate
    span = SPAN()
    for module in span.modules():
        if isinstance(module, Block):
            module.__class__ = Compiled
    return span
"""


def lr_image(name: str) -> torch.Tensor:
    image = downscale(hr_image(name), 4)
    return torch.tensor(image).permute(2, 0, 1)[None].float() / 255


def hr_image(name: str) -> np.ndarray:
    return crop_to_multiple(read_image(Path(skimage.__file__).parent / f"data/{name}.png"), 4)


@pytest.fixture(scope="module")
def span():
    network = load_file(MODELS / "span.py", MODELS, MODELS).SPAN()
    network.load_state_dict(torch.load(WEIGHTS, "cpu", weights_only=True))
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def folders(span, tmp_path_factory):
    """Write the entries."""
    from onnxruntime import quantization

    root = tmp_path_factory.mktemp("span")
    lr = torch.rand(1, 3, 48, 64)
    sides = {2: torch.export.Dim("height", min=4), 3: torch.export.Dim("width", min=4)}
    for form in FORMS:
        (root / form).mkdir()
    torch.jit.trace(span, lr, check_trace=False).save(root / "torchscript" / "program.pt")
    exported = torch.export.export(span, (lr,), dynamic_shapes=(sides,))
    torch.export.save(exported, root / "pt2" / "program.pt2")
    graph = torch.onnx.export(span, (lr,), dynamic_shapes=(sides,), verbose=False).model_proto
    (root / "onnx" / "program.onnx").write_bytes(graph.SerializeToString())
    quantization.quant_pre_process(
        root / "onnx" / "program.onnx", root / "prepared.onnx", skip_symbolic_shape=True
    )
    quantization.quantize_static(
        root / "prepared.onnx", root / "int8" / "program.onnx", Calibration(graph)
    )
    for form, suffix in (("torchscript", "pt"), ("pt2", "pt2"), ("onnx", "onnx"), ("int8", "onnx")):
        kind = "onnx" if form == "int8" else form
        model = f'[model]\nfile = "program.{suffix}"\nformat = "{kind}"\n'
        (root / form / "submission.toml").write_text(f'name = "SPAN {form}"\n{model}')
    for form in ("module", "operator"):
        shutil.copy(MODELS / "span.py", root / form)
        shutil.copy(WEIGHTS, root / form / "weights.pth")
    (root / "module" / "submission.toml").write_text(
        'name = "SPAN module"\n[model]\nfile = "span.py"\nfactory = "SPAN"\n'
        '[weights]\npath = "weights.pth"\n'
    )
    (root / "operator" / "csrc").mkdir()
    (root / "operator" / "csrc" / "gate.cpp").write_text(OPERATOR)
    (root / "operator" / "model.py").write_text(MODEL)
    (root / "operator" / "submission.toml").write_text(
        'name = "SPAN operator"\n[model]\nfile = "model.py"\nfactory = "network"\n'
        '[weights]\npath = "weights.pth"\n[complexity]\nfactory = "SPAN"\n'
        '[build]\nfolder = "csrc"\nextension = ["gate.cpp"]\n'
    )
    return root


class Calibration:
    """Two photographs, as onnxruntime's quantiser asks for them."""

    def __init__(self, graph) -> None:
        name = graph.graph.input[0].name
        self.feeds = iter([{name: lr_image(one).numpy()} for one in IMAGES])

    def get_next(self):
        return next(self.feeds, None)


@pytest.fixture(scope="module")
def rows(folders, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    paths = [str(SUBMISSIONS / "demo_large"), *(str(folders / form) for form in FORMS)]
    command = ["run", *paths, "--protocol", "demo", "--splits", "valid", "--rounds", "1"]
    assert main([*command, "--out", str(out)]) == 0
    with (out / "leaderboard.csv").open(encoding="utf-8") as stream:
        return {row["name"].removeprefix("SPAN "): row for row in csv.DictReader(stream)}


def reference_db(restore) -> float:
    """Return the mean PSNR, by scikit-image, of what `restore` makes of the images."""
    found, inner = [], (slice(4, -4), slice(4, -4))
    for name in IMAGES:
        sr = restore(lr_image(name))[0].permute(1, 2, 0).clamp(0, 1).mul(255).round()
        pixels = sr.to(torch.uint8).numpy()[inner]
        found.append(peak_signal_noise_ratio(hr_image(name)[inner], pixels, data_range=255))
    return sum(found) / len(found)


def test_all_forms_are_ranked_with_the_published_params_and_flops(rows):
    for form in FORMS:
        row = rows[form]
        assert (row["status"], int(float(row["params"])), int(float(row["flops"]))) == (
            ("ok", PARAMS, FLOPS)
        ), form
        assert row["rank"], form
        assert float(row["num_conv"]) == float(rows["module"]["num_conv"]), form
    assert [form for form in FORMS if "exported" in rows[form]["flags"]] == list(FORMS[1:5])


def test_all_forms_in_floating_point_have_the_psnr_of_the_network(rows, span):
    expected = reference_db(span)
    for form in FORMS:
        if form != "int8":
            assert float(rows[form]["psnr_valid_db"]) == pytest.approx(expected, abs=1e-3), form


def test_eight_bits_have_a_psnr_of_their_own(rows, folders):
    import onnxruntime

    session = onnxruntime.InferenceSession(folders / "int8" / "program.onnx")
    name = session.get_inputs()[0].name
    expected = reference_db(lambda lr: torch.tensor(session.run(None, {name: lr.numpy()})[0]))
    assert float(rows["int8"]["psnr_valid_db"]) == pytest.approx(expected, abs=1e-3)
    assert expected < float(rows["onnx"]["psnr_valid_db"]) - 0.01
    assert "precision" in rows["int8"]["flags"]
