"""DLGSANet's own parts: dynamic filters in two forms, attention in windows."""

from itertools import product
from math import ceil
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import nn

from tests.support.architectures import ARCHITECTURES
from tests.support.goldens import load_rule_weights, restore

Array = NDArray[np.float64]

TINY = ARCHITECTURES["dlgsanet_tiny_x4"]
CHANNELS, HEADS = 48, 6


def random_image(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(5).random(shape, dtype=np.float32)


def tiny(**options: Any) -> nn.Module:
    network = TINY.build(**options)
    load_rule_weights(network)
    return network


@pytest.mark.parametrize("form", ["shifts", "unfold"])
def test_dynamic_filter_against_loops(form: str) -> None:
    filter_ = tiny(dynamic_filter=form).get_submodule(
        "deep_feature_extraction.0.body.0.IDynamicDWConv.conv"
    )
    images = random_image(2, CHANNELS, 4, 9) - 0.5
    generator = nn.Sequential(filter_.conv1, filter_.conv2)
    kernels = restore(generator, images).astype(np.float64)
    for image, kernel, output in zip(images, kernels, restore(filter_, images), strict=True):
        expected = filtered(image, kernel.reshape(CHANNELS // 6, 7, 7, 4, 9))
        np.testing.assert_allclose(output, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def filtered(image: NDArray[np.float32], kernels: Array) -> Array:
    """Correlate every pixel of [C, H, W] with its own of the kernels [C // 6, 7, 7, H, W]."""
    channels, height, width = image.shape
    padded = np.pad(image.astype(np.float64), ((0, 0), (3, 3), (3, 3)))
    out = np.empty_like(image, dtype=np.float64)
    for c, y, x in product(range(channels), range(height), range(width)):
        out[c, y, x] = (padded[c, y : y + 7, x : x + 7] * kernels[c // 6, :, :, y, x]).sum()
    return out


def test_dynamic_filter_forms_give_the_same_image() -> None:
    image = random_image(1, 3, 13, 10)
    shifts, unfold = (restore(tiny(dynamic_filter=f), image) for f in ("shifts", "unfold"))
    np.testing.assert_allclose(shifts, unfold, rtol=0, atol=2e-6 * np.abs(unfold).max())


def test_unknown_dynamic_filter_is_refused() -> None:
    with pytest.raises(ValueError, match="'shifts' or 'unfold', not 'cupy'"):
        TINY.build(dynamic_filter="cupy")


def test_published_windows_of_an_odd_size() -> None:
    attention = windowed()
    qkv = random_image(1, 3 * CHANNELS, 101, 57) - 0.5
    expected = attention_in_windows(qkv[0], temperature(attention), [0, 27, 53], [0, 9], (48, 48))
    np.testing.assert_allclose(in_windows(attention, qkv)[0], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_published_window_of_each_scale(scale: int) -> None:
    side = {2: 96, 3: 72, 4: 48}[scale]
    attention = windowed(architecture=f"dlgsanet_tiny_x{scale}")
    qkv = random_image(1, 3 * CHANNELS, side + 1, 4) - 0.5
    expected = attention_in_windows(qkv[0], temperature(attention), [0, 1], [0], (side, 4))
    np.testing.assert_allclose(in_windows(attention, qkv)[0], expected, rtol=0, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(height=st.integers(1, 23), width=st.integers(1, 23), side=st.integers(1, 7))
def test_windows_of_any_size(height: int, width: int, side: int) -> None:
    attention = windowed(tlc_window=side)
    qkv = random_image(2, 3 * CHANNELS, height, width) - 0.5
    outputs = in_windows(attention, qkv)
    rows, columns = scanned_starts(height, side), scanned_starts(width, side)
    size = min(height, side), min(width, side)
    for image, output in zip(qkv, outputs, strict=True):
        expected = attention_in_windows(image, temperature(attention), rows, columns, size)
        np.testing.assert_allclose(output, expected, rtol=0, atol=1e-5)


def test_training_looks_at_the_whole_image() -> None:
    image = random_image(2, 3, 9, 12)
    training = tiny(tlc_window=5).train()
    whole = tiny(tlc_window=0)
    np.testing.assert_array_equal(restore(training, image), restore(whole, image))
    windows = restore(training.eval(), image)
    assert np.abs(windows - restore(whole, image)).max() > 1e-3 * np.abs(windows).max()


def windowed(architecture: str = TINY.name, **options: Any) -> nn.Module:
    """Build the first global attention of a network."""
    network = ARCHITECTURES[architecture].build(**options)
    load_rule_weights(network)
    return network.get_submodule("deep_feature_extraction.0.body.1.restormer_attn")


def in_windows(attention: nn.Module, qkv: NDArray[np.float32]) -> NDArray[np.float32]:
    """Run the attention alone, without the convolutions around it."""
    attention.qkv = attention.qkv_dwconv = attention.project_out = nn.Identity()
    return restore(attention, qkv)


def temperature(attention: nn.Module) -> Array:
    return attention.temperature.detach().double().numpy().ravel()


def scanned_starts(length: int, side: int) -> list[int]:
    """Step through the image as the description does, until a window reaches the border."""
    size = min(length, side)
    windows = (length - 1) // size + 1
    step = size if windows == 1 else ceil((length - size) / (windows - 1) - 1e-8)
    starts = [0]
    while starts[-1] + size < length:
        starts.append(starts[-1] + step)
    starts[-1] = length - size
    return starts


def attention_in_windows(
    qkv: NDArray[np.float32],
    temperatures: Array,
    rows: list[int],
    columns: list[int],
    size: tuple[int, int],
) -> Array:
    """Average, over the windows that see a pixel, the attention across the channels of a head."""
    height, width = size
    total = np.zeros((CHANNELS, *qkv.shape[1:]))
    seen = np.zeros(qkv.shape[1:])
    for y, x in product(rows, columns):
        window = qkv[:, y : y + height, x : x + width].astype(np.float64)
        q, k, v = window.reshape(3, HEADS, CHANNELS // HEADS, -1)
        for head in range(HEADS):
            similarity = unit(q[head]) @ unit(k[head]).T * temperatures[head]
            out = np.maximum(similarity, 0) @ v[head]
            channels = slice(head * CHANNELS // HEADS, (head + 1) * CHANNELS // HEADS)
            total[channels, y : y + height, x : x + width] += out.reshape(-1, height, width)
        seen[y : y + height, x : x + width] += 1
    return total / seen


def unit(rows: Array) -> Array:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
