"""The entries of the embedded demo challenge are what their factsheets and the README promise."""

from pathlib import Path

import pytest
import skimage
import torch

from harness.entries.manifest import read_manifest
from harness.images.fidelity import psnr
from harness.images.png import crop_to_multiple, read_image
from harness.images.resize import downscale, upscale
from harness.worker.loading import native
from harness.worker.pixels import to_input, to_uint8
from tests.support.places import SUBMISSIONS

IMAGES = ("astronaut", "chelsea", "coffee", "motorcycle_left")
SCALE = 4


def psnr_db(entry: str) -> dict[str, float]:
    """Return the RGB PSNR of an entry on each evaluation image."""
    folder = SUBMISSIONS / entry
    loaded = native.load(read_manifest(folder), folder, torch.device("cpu"))
    assert loaded.complete
    reached = {}
    for name in IMAGES:
        hr = crop_to_multiple(read_image(Path(skimage.__file__).parent / f"data/{name}.png"), SCALE)
        sr = to_uint8(loaded.network(to_input(downscale(hr, SCALE), 1.0)), 1.0)
        reached[name] = psnr(sr, hr, border=SCALE)[0]
    return reached


@pytest.fixture(scope="module")
def floor() -> dict[str, float]:
    return psnr_db("demo_bicubic")


def test_both_networks_beat_bicubic_and_the_larger_one_the_smaller(floor):
    small, large = psnr_db("demo_small"), psnr_db("demo_large")
    for reached in (small, large):
        assert all(reached[name] > floor[name] for name in IMAGES)
        assert sum(reached.values()) / 4 >= sum(floor.values()) / 4 + 0.5
    assert sum(large.values()) > sum(small.values())


def test_the_bicubic_network_is_the_harness_s_bicubic_but_for_rounding(floor):
    for name in IMAGES:
        hr = crop_to_multiple(read_image(Path(skimage.__file__).parent / f"data/{name}.png"), SCALE)
        # the harness rounds and clips between height and width, as MATLAB does
        expected = psnr(upscale(downscale(hr, SCALE), SCALE), hr, border=SCALE)[0]
        assert floor[name] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("entry", ["demo_small", "demo_large"])
def test_the_weights_are_small_enough_to_ship(entry):
    assert (SUBMISSIONS / entry / "weights.pth").stat().st_size <= 300_000
