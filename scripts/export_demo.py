"""Export the small demo network as the programs that teams hand in.

    python scripts/export_demo.py

writes `program.*` into submissions/demo_small_torchscript, _pt2, _onnx and _int8: a traced archive,
a `torch.export` program and an ONNX graph, all of varying height and width, and the graph in 8 bits
(QDQ, calibrated on a few of the training images). None tells of the machine that it was made on.
"""

import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from onnxruntime import quantization
from train_demo import ROOT, SCALE, build_network, read_bundled

from harness.images.png import crop_to_multiple
from harness.images.resize import downscale
from harness.worker.pixels import to_input

CALIBRATION = ("brick.png", "color.png", "rocket.jpg", "ihc.png")


def main() -> None:
    """Write all four programs."""
    network = build_network("small")
    weights = ROOT / "submissions" / "demo_small" / "weights.pth"
    network.load_state_dict(torch.load(weights, weights_only=True))
    network.eval().requires_grad_(False)
    lr = torch.rand(1, 3, 48, 64)
    sides = {2: torch.export.Dim("height", min=4), 3: torch.export.Dim("width", min=4)}
    torch.jit.trace(network, lr).save(program("torchscript", "pt"))
    _without_debug_files(Path(program("torchscript", "pt")))
    exported = torch.export.export(network, (lr,), dynamic_shapes=(sides,))
    for node in exported.graph.nodes:
        node.meta.pop("stack_trace", None)
    torch.export.save(exported, program("pt2", "pt2"))
    onnx = program("onnx", "onnx")
    graph = torch.onnx.export(network, (lr,), dynamic_shapes=(sides,)).model_proto
    for node in graph.graph.node:
        del node.metadata_props[:]
    Path(onnx).write_bytes(graph.SerializeToString())
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quantization.quant_pre_process(onnx, prepared, skip_symbolic_shape=True)
        quantization.quantize_static(
            prepared,
            program("int8", "onnx"),
            _Calibration(),
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
        )


def program(kind: str, suffix: str) -> str:
    """Return the file of one entry's program."""
    return str(ROOT / "submissions" / f"demo_small_{kind}" / f"program.{suffix}")


def _without_debug_files(archive: Path) -> None:
    """Leave out where each operator stands in which file of this machine."""
    with zipfile.ZipFile(archive) as source:
        kept = {
            item: source.read(item)
            for item in source.infolist()
            if not item.filename.endswith(".debug_pkl")
        }
    with zipfile.ZipFile(archive, "w") as target:
        for item, content in kept.items():
            target.writestr(item, content)


class _Calibration(quantization.CalibrationDataReader):
    def __init__(self) -> None:
        self._images = self._feeds()

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return the next image, as the quantiser asks for it."""
        return next(self._images, None)

    def _feeds(self) -> Iterator[dict[str, np.ndarray]]:
        for name in CALIBRATION:
            lr = downscale(crop_to_multiple(read_bundled(name), SCALE), SCALE)
            yield {"lr": to_input(lr, 1.0).numpy()}


if __name__ == "__main__":
    main()
