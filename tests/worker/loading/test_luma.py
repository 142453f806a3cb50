"""Networks of luma alone: conversions by MATLAB's published values, enlargement as `imresize`."""

import numpy as np
import pytest
import torch

from harness.images.resize import upscale
from harness.worker.loading import luma

COLOURS = {  # RGB -> what rgb2ycbcr gives of it, by its own formula
    (255, 255, 255): (235, 128, 128),
    (0, 0, 0): (16, 128, 128),
    (255, 0, 0): (81.481, 90.203, 240),
    (0, 255, 0): (144.553, 53.797, 34.214),
    (0, 0, 255): (40.966, 240, 109.786),
}


@pytest.mark.parametrize("data_range", [1.0, 255.0])
@pytest.mark.parametrize("colour", COLOURS)
def test_primaries_have_the_values_of_bt601(colour, data_range):
    rgb = torch.tensor(colour).view(1, 3, 1, 1) * (data_range / 255)
    ycbcr = luma.to_ycbcr(rgb, data_range)
    levels = (ycbcr.flatten() * (255 / data_range)).tolist()
    assert levels == pytest.approx(COLOURS[colour], abs=1e-4)
    back = luma.to_rgb(ycbcr, data_range) * (255 / data_range)
    assert back.flatten().tolist() == pytest.approx(colour, abs=1e-3)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("turned", [False, True])
def test_chroma_is_enlarged_as_imresize_does(scale, turned):
    """Along one axis, as the harness's own rounds between the two."""
    line = np.random.default_rng(scale).integers(0, 256, 9, np.uint8)
    image = np.repeat(np.tile(line, (5, 1))[..., None], 3, axis=2)
    image = image.swapaxes(0, 1).copy() if turned else image
    planes = torch.tensor(image).permute(2, 0, 1)[None].double()
    ours = luma.enlarged(planes, scale)[0].permute(1, 2, 0).clamp(0, 255).numpy()
    assert np.abs(ours - upscale(image, scale)).max() <= 0.5 + 1e-6


def test_a_network_sees_luma_alone_and_grey_stays_grey():
    seen = []

    def network(y):
        seen.append(y)
        return torch.nn.functional.interpolate(y, scale_factor=2)

    grey = torch.linspace(0, 1, 48).view(1, 1, 6, 8).expand(1, 3, 6, 8)
    sr = luma.restored(grey, 1.0, network)
    assert list(seen[0].shape) == [1, 1, 6, 8]
    assert torch.allclose(seen[0], (16 + 219 * grey[:, :1]) / 255, atol=1e-6)
    assert torch.allclose(sr, torch.nn.functional.interpolate(grey, scale_factor=2), atol=1e-5)
