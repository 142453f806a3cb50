"""Write the checkpoints of two forms of the small demo network: in 8 bits by torch.ao, and pruned.

    python scripts/quantise_demo.py

The first is calibrated on a few of the training images; of the second, of 4 weights along input
channels that stand side by side the 2 smallest are zero.
"""

import importlib.util

import torch
from export_demo import CALIBRATION
from torch.ao import quantization
from train_demo import ROOT, SCALE, read_bundled

from harness.images.png import crop_to_multiple
from harness.images.resize import downscale
from harness.worker.pixels import to_input

SUBMISSIONS = ROOT / "submissions"


def main() -> None:
    """Write both."""
    weights = torch.load(SUBMISSIONS / "demo_small" / "weights.pth", weights_only=True)
    _quantise(weights)
    torch.save(
        {name: _two_of_four(value) for name, value in weights.items()},
        SUBMISSIONS / "demo_small_sparse" / "weights.pth",
    )


def _quantise(weights: dict[str, torch.Tensor]) -> None:
    folder = SUBMISSIONS / "demo_small_quantised"
    spec = importlib.util.spec_from_file_location("model", folder / "model.py")
    model = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(model)
    network = model.prepared()
    state = network.state_dict()
    for name, value in weights.items():
        layer, _, kind = name.rpartition(".")
        if layer.startswith("body."):
            _, block, part = layer.split(".")
            layer = f"{part}.{block}"
        state[f"{layer}.module.{kind}"] = value
    network.load_state_dict(state)
    with torch.no_grad():
        for image in CALIBRATION:
            network(to_input(downscale(crop_to_multiple(read_bundled(image), SCALE), SCALE), 1.0))
    torch.backends.quantized.engine = model.ENGINE
    torch.save(quantization.convert(network).state_dict(), folder / "weights.pth")


def _two_of_four(value: torch.Tensor) -> torch.Tensor:
    if value.dim() < 4 or value.shape[1] % 4:
        return value
    groups = value.movedim(1, -1).unflatten(-1, (-1, 4)).clone()
    groups.scatter_(-1, groups.abs().topk(2, largest=False).indices, 0.0)
    return groups.flatten(-2).movedim(-1, 1).contiguous()


if __name__ == "__main__":
    main()
