"""The same pictures: published checkpoints score on Set5 and Set14 what the official code gives."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.images.fidelity import fidelity
from harness.images.png import Image, crop_to_multiple, read_image
from harness.records import WeightsTable
from harness.worker.loading.checkpoints import read
from harness.worker.pixels import to_input, to_uint8
from tests.support.architectures import ARCHITECTURES, Architecture, Checkpoint

SCALE = BORDER = 4
PSNR_DB = {"image": 2e-4, "mean": 2e-5}  # what another CPU moves
SSIM = {"image": 1e-5, "mean": 2e-6}  # the harness rounds within 1e-6

pytestmark = pytest.mark.heavy


def scores(sr: Image, hr: Image) -> dict[str, float]:
    """Score one image under the golden's names."""
    plain, rounded = fidelity(sr, hr, BORDER), fidelity(sr, hr, BORDER, rounded_luma=True)
    return {
        "rgb_psnr": plain.psnr_db,
        "ssim_rgb": plain.ssim,
        "psnr_y": plain.psnr_y_db,
        "ssim_y": plain.ssim_y,
        "psnr_y_rounded": rounded.psnr_y_db,
        "ssim_y_rounded": rounded.ssim_y,
    }


def differences(ours: dict[str, float], golden: dict[str, Any], level: str) -> dict[str, float]:
    """Return by how much the figures that miss the golden's tolerance do so."""
    return {
        figure: value - golden[figure]
        for figure, value in ours.items()
        if not abs(value - golden[figure]) <= (PSNR_DB if "psnr" in figure else SSIM)[level]
    }


@pytest.mark.parametrize("dataset", ["Set5", "Set14"])
@pytest.mark.parametrize(
    ("architecture", "checkpoint"),
    [
        pytest.param(a, a.checkpoint, id=a.name)
        for a in ARCHITECTURES.values()
        if a.checkpoint and a.name != "rfdn_2023_x4"  # the weights of 2022
    ],
)
def test_scores_equal_the_official_ones(
    architecture: Architecture, checkpoint: Checkpoint, dataset: str, shared: Path
) -> None:
    golden = json.loads((shared / "goldens/psnr.json").read_text())["models"]
    network = architecture.build()
    table = WeightsTable(path=checkpoint.file)
    network.load_state_dict(read(shared / "weights" / checkpoint.file, table)[0])
    data_range, folder = architecture.data_range, shared / "data" / dataset
    ours = []
    for entry in golden[architecture.name][dataset]["images"]:
        lr = read_image(folder / f"LR_bicubic/X4/{entry['image']}x4.png")
        hr = crop_to_multiple(read_image(folder / f"HR/{entry['image']}.png"), SCALE)
        with torch.no_grad():
            sr = to_uint8(network(to_input(lr, data_range)), data_range)
        ours.append(scores(sr, hr))
        assert not differences(ours[-1], entry, "image"), entry["image"]
    means = {figure: float(np.mean([s[figure] for s in ours])) for figure in ours[0]}
    assert not differences(means, golden[architecture.name][dataset]["mean"], "mean")
