"""PSNR and SSIM equal their definitions in float64, and what the official code measured."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.lib.stride_tricks import sliding_window_view

from harness.errors import DataError
from harness.images import compiled, plain
from harness.images.fidelity import fidelity, psnr, ssim
from harness.images.png import crop_to_multiple, read_image
from harness.records import Fidelity
from harness.worker.pixels import to_input, to_uint8


def brute_psnr(x: np.ndarray, y: np.ndarray) -> float:
    mse = np.mean((x.astype(np.float64) - y.astype(np.float64)) ** 2)
    return float(20 * np.log10(255 / np.sqrt(mse)))


def brute_ssim(x: np.ndarray, y: np.ndarray) -> float:
    """Return the SSIM of two [H, W] planes from all 11x11 windows, one weighted mean at a time."""
    distance = np.arange(11) - 5
    gaussian = np.exp(-(distance[:, None] ** 2 + distance**2) / (2 * 1.5**2))
    gaussian /= gaussian.sum()

    def mean(plane: np.ndarray) -> np.ndarray:
        return np.einsum("hwij,ij->hw", sliding_window_view(plane, (11, 11)), gaussian)

    x, y = x.astype(np.float64), y.astype(np.float64)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_x, mean_y = mean(x), mean(y)
    variance_x, variance_y = mean(x * x) - mean_x**2, mean(y * y) - mean_y**2
    covariance = mean(x * y) - mean_x * mean_y
    numerator = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return float(
        np.mean(numerator / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)))
    )


def brute_luma(image: np.ndarray, rounded: bool) -> np.ndarray:
    red, green, blue = (image[..., channel].astype(np.float64) for channel in range(3))
    luma = (65.481 * red + 128.553 * green + 24.966 * blue) / 255 + 16
    return luma.round() if rounded else luma


def brute(sr: np.ndarray, hr: np.ndarray, border: int, rounded: bool) -> Fidelity:
    height, width = hr.shape[:2]
    sr = sr[border : height - border, border : width - border]
    hr = hr[border : height - border, border : width - border]
    luma_sr, luma_hr = brute_luma(sr, rounded), brute_luma(hr, rounded)
    channels = [brute_ssim(sr[..., i], hr[..., i]) for i in range(3)]
    return Fidelity(
        psnr_db=brute_psnr(sr, hr),
        ssim=sum(channels) / 3,
        psnr_y_db=brute_psnr(luma_sr, luma_hr),
        ssim_y=brute_ssim(luma_sr, luma_hr),
    )


def noisy(image: np.ndarray, sigma: float) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, sigma, image.shape)
    return (image + noise).round().clip(0, 255).astype(np.uint8)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def waves(height: int, width: int) -> np.ndarray:
    """Return a smooth image, darker and brighter by channel."""
    rows, columns = np.mgrid[:height, :width]
    planes = [rows * (i + 2) / 9 + 60 * np.sin(columns / (5 + i)) + 60 * (i + 1) for i in range(3)]
    return np.stack(planes, axis=2).clip(0, 255).astype(np.uint8)


def pairs_of_images() -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    shapes = st.tuples(st.integers(11, 24), st.integers(11, 24), st.just(3))
    return shapes.flatmap(lambda s: st.tuples(arrays(np.uint8, s), arrays(np.uint8, s)))


FLAT = np.full((40, 50, 3), 250, dtype=np.uint8)
PAIRS = {
    "noise": (noise(30, 41), noise(30, 41)[::-1]),
    "a little noise": (noisy(waves(64, 48), 3), waves(64, 48)),
    "almost flat and bright": (noisy(FLAT, 0.5), FLAT),
    "opposites": (np.zeros((20, 20, 3), np.uint8), np.full((20, 20, 3), 255, np.uint8)),
    # a tile holds 64 x 118 whole windows
    "one tile": (noisy(waves(74, 128), 8), waves(74, 128)),
    "a row and a column more than one tile": (noisy(waves(75, 129), 8), waves(75, 129)),
    "many tiles": (noisy(waves(207, 500), 20), waves(207, 500)),
}


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("border", [0, 4])
@pytest.mark.parametrize(("sr", "hr"), PAIRS.values(), ids=PAIRS)
def test_all_four_equal_their_definitions(sr, hr, border, rounded):
    measured, expected = fidelity(sr, hr, border, rounded), brute(sr, hr, border, rounded)
    assert measured.psnr_db == pytest.approx(expected.psnr_db, rel=0, abs=1e-12)
    assert measured.psnr_y_db == pytest.approx(expected.psnr_y_db, rel=0, abs=1e-12)
    assert measured.ssim == pytest.approx(expected.ssim, rel=0, abs=1e-6)
    assert measured.ssim_y == pytest.approx(expected.ssim_y, rel=0, abs=1e-6)


def test_values_worked_out_by_hand():
    hr = np.zeros((4, 4, 3), dtype=np.uint8)
    sr = hr.copy()
    sr[..., 1] = 255
    rgb_db, luma_db = psnr(sr, hr, border=0)
    assert rgb_db == pytest.approx(10 * math.log10(3), abs=1e-12)
    assert luma_db == pytest.approx(20 * math.log10(255 / 128.553), abs=1e-12)
    # luma is 144.553 against 16, rounded 145 against 16
    assert psnr(sr, hr, 0, rounded_luma=True)[1] == pytest.approx(20 * math.log10(255 / 129))


@pytest.mark.parametrize("shape", [(300, 2040, 3), (3, 70_000, 3), (70_000, 3, 3)])
def test_the_worst_error_of_a_large_image_is_exact(shape):
    black, white = np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)
    assert psnr(black, white, border=1)[0] == 0.0


@pytest.mark.parametrize("sums", [compiled, plain])
@settings(deadline=None, max_examples=50)
@given(pair=pairs_of_images(), border=st.integers(0, 5))
def test_both_ways_to_add_up_agree_with_whole_numbers(sums, pair, border):
    sr, hr = pair
    one, other = (image[border:, border:][: -border or None, : -border or None] for image in pair)
    error = (one.astype(int) - other).reshape(-1, 3)
    np.testing.assert_array_equal(sums.error_products(sr, hr, border), error.T @ error)
    luma = brute_luma(one, rounded=True) - brute_luma(other, rounded=True)
    assert sums.rounded_luma_error(sr, hr, border) == int((luma**2).sum())


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize(("sr", "hr"), PAIRS.values(), ids=PAIRS)
def test_both_ways_to_add_up_give_one_ssim(sr, hr, rounded):
    expected = pytest.approx(plain.similarity(sr, hr, 1, rounded), rel=0, abs=1e-6)
    assert compiled.similarity(sr, hr, 1, rounded) == expected


@pytest.mark.parametrize("rounded", [False, True])
def test_identical_images_have_infinite_psnr_and_ssim_1(rounded):
    image = noise(40, 60)
    assert fidelity(image, image.copy(), 4, rounded) == Fidelity(math.inf, 1.0, math.inf, 1.0)


def test_the_border_is_cut_and_nothing_inside_it():
    hr = waves(40, 50)
    sr = noisy(hr, 10)
    framed = sr.copy()
    framed[:4], framed[-4:], framed[:, :4], framed[:, -4:] = 0, 255, 255, 0
    assert fidelity(framed, hr, border=4) == fidelity(sr, hr, border=4)
    framed[4, 4] ^= 255
    assert fidelity(framed, hr, border=4).psnr_db < fidelity(sr, hr, border=4).psnr_db


def test_views_and_arrays_that_are_read_only_are_measured_alike():
    hr, sr = waves(48, 36), noisy(waves(48, 36), 5)
    expected = fidelity(sr, hr, 4)
    hr.flags.writeable = sr.flags.writeable = False
    assert fidelity(sr, hr, 4) == expected
    assert fidelity(np.asfortranarray(sr), np.asfortranarray(hr), 4) == expected


@settings(deadline=None, max_examples=50)
@given(pair=pairs_of_images(), rounded=st.booleans())
def test_any_pair_equals_the_definition(pair, rounded):
    sr, hr = pair
    if np.array_equal(brute_luma(sr, rounded), brute_luma(hr, rounded)):
        sr = sr.copy()
        sr[0, 0] ^= 255  # the definition divides by zero where nothing differs
    measured, expected = fidelity(sr, hr, 0, rounded), brute(sr, hr, 0, rounded)
    assert measured.psnr_db == pytest.approx(expected.psnr_db, rel=0, abs=1e-12)
    assert measured.psnr_y_db == pytest.approx(expected.psnr_y_db, rel=0, abs=1e-12)
    assert measured.ssim == pytest.approx(expected.ssim, rel=0, abs=1e-6)
    assert measured.ssim_y == pytest.approx(expected.ssim_y, rel=0, abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(pair=pairs_of_images(), rounded=st.booleans())
def test_sr_and_hr_are_exchangeable(pair, rounded):
    sr, hr = pair
    assert fidelity(sr, hr, 0, rounded) == fidelity(hr, sr, 0, rounded)


GOOD = np.zeros((30, 30, 3), np.uint8)


@pytest.mark.parametrize(
    ("sr", "words"),
    [
        (np.zeros((30, 31, 3), np.uint8), "the SR image is 31x30 and its HR image 30x30"),
        (np.zeros((30, 30, 3), np.float32), "the SR image is float32"),
        (np.zeros((30, 30, 4), np.uint8), r"the SR image is uint8 \[30, 30, 4\]"),
        (np.zeros((30, 30), np.uint8), r"the SR image is uint8 \[30, 30\]"),
    ],
)
def test_images_that_do_not_fit_are_refused(sr, words):
    for measure in (fidelity, psnr, ssim):
        with pytest.raises(DataError, match=words):
            measure(sr, GOOD, 4)


def test_an_image_smaller_than_one_window_is_refused():
    assert ssim(GOOD[:19, :19], GOOD[:19, :19], border=4) == (1.0, 1.0)
    for small in (GOOD[:18], GOOD[:, :18]):
        with pytest.raises(DataError, match="a border of 4 must leave 11x11 pixels"):
            ssim(small, small, border=4)


@pytest.mark.parametrize("dataset", ["Set5", "Set14"])
def test_the_official_figures_of_torch_s_bicubic_are_met(shared, dataset):
    goldens = json.loads((shared / "goldens" / "psnr.json").read_text())
    records = goldens["models"]["torch_bicubic_x4"][dataset]["images"]
    assert len(records) == {"Set5": 5, "Set14": 14}[dataset]
    for record in records:
        folder, name = shared / "data" / dataset, record["image"]
        hr = crop_to_multiple(read_image(folder / "HR" / f"{name}.png"), 4)
        lr = to_input(read_image(folder / "LR_bicubic" / "X4" / f"{name}x4.png"), 1.0)
        output = torch.nn.functional.interpolate(lr, scale_factor=4, mode="bicubic")
        sr = to_uint8(output, 1.0)
        plain, rounded = fidelity(sr, hr, 4), fidelity(sr, hr, 4, rounded_luma=True)
        # how torch rounds inside its bicubic varies among processors
        assert plain.psnr_db == pytest.approx(record["rgb_psnr"], rel=0, abs=2e-4)
        assert plain.psnr_y_db == pytest.approx(record["psnr_y"], rel=0, abs=2e-4)
        assert rounded.psnr_y_db == pytest.approx(record["psnr_y_rounded"], rel=0, abs=2e-4)
        assert plain.ssim == pytest.approx(record["ssim_rgb"], rel=0, abs=1e-5)
        assert plain.ssim_y == pytest.approx(record["ssim_y"], rel=0, abs=1e-5)
        assert rounded.ssim_y == pytest.approx(record["ssim_y_rounded"], rel=0, abs=1e-5)
