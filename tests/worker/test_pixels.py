"""Images survive the way into networks and back."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.worker.pixels import to_input, to_uint8

LEVELS = np.arange(256, dtype=np.uint8)


@pytest.mark.parametrize("data_range", [1.0, 255.0])
def test_the_input_is_each_level_over_255_and_times_the_range(data_range):
    tensor = to_input(LEVELS.repeat(3).reshape(16, 16, 3), data_range)
    assert tensor.dtype == torch.float32
    assert tensor.shape == (1, 3, 16, 16)
    expected = LEVELS.astype(np.float32) / np.float32(255.0 / data_range)
    for channel in tensor[0]:
        np.testing.assert_array_equal(channel.flatten().numpy(), expected)


def test_the_input_keeps_rows_columns_and_the_official_memory_order():
    lr = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    tensor = to_input(lr, 255.0)
    np.testing.assert_array_equal(tensor[0].permute(1, 2, 0).numpy(), lr)
    assert tensor.is_contiguous(memory_format=torch.channels_last)


def test_the_input_accepts_arrays_that_are_read_only():
    lr = np.zeros((2, 2, 3), dtype=np.uint8)
    lr.flags.writeable = False
    tensor = to_input(lr, 255.0)
    tensor += 7
    assert lr.max() == 0


@pytest.mark.parametrize("data_range", [1.0, 255.0])
def test_every_level_survives_the_way_in_and_out(data_range):
    image = LEVELS.repeat(3).reshape(16, 16, 3)
    np.testing.assert_array_equal(to_uint8(to_input(image, data_range), data_range), image)


def to_levels(values: list[float], data_range: float) -> list[int]:
    sr = torch.tensor(values).expand(1, 3, 1, -1)
    image = to_uint8(sr, data_range)
    assert image.shape == (1, len(values), 3)
    assert image.dtype == np.uint8
    return image[0, :, 1].tolist()


def test_halves_round_to_even():
    assert to_levels([0.5, 1.5, 2.5, 126.5, 127.5, 253.5, 254.5], 255.0) == [
        *(0, 2, 2, 126, 128, 254, 254)
    ]
    # 0.5 is the one half that the range 1 can express: 127.5
    assert to_levels([0.5], 1.0) == [128]


def test_what_lies_outside_the_range_is_clamped():
    infinity = float("inf")
    assert to_levels([-infinity, -3, -0.1, 1.1, 300, infinity], 1.0) == [0, 0, 0, 255, 255, 255]
    assert to_levels([-infinity, -3, 255.4, 300, infinity], 255.0) == [0, 0, 255, 255, 255]


def test_the_output_keeps_rows_columns_and_channels():
    image = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    planes = torch.from_numpy(image.transpose(2, 0, 1).copy()).float()[None]
    np.testing.assert_array_equal(to_uint8(planes, 255.0), image)


@settings(deadline=None)
@given(
    value=st.floats(-0.25, 1.25, width=32),
    data_range=st.sampled_from([1.0, 255.0]),
)
def test_the_output_follows_the_official_formula_in_float32(value, data_range):
    level = np.float32(value) * np.float32(data_range)
    clamped = np.minimum(np.maximum(level, np.float32(0)), np.float32(data_range))
    expected = np.round((clamped * np.float32(255.0)) / np.float32(data_range))
    assert to_levels([float(level)], data_range) == [int(expected)]


def test_the_network_s_output_is_left_as_it_is():
    sr = torch.full((1, 3, 2, 2), 2.0)
    to_uint8(sr, 1.0)
    assert sr.min() == 2.0
