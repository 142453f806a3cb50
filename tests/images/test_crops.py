"""The part of an image that pictures show: the same crop of every image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.images.cache import ImageCache
from harness.images.crops import SIDE, window


def cached(pixels, tmp_path):
    return ImageCache(tmp_path).store(pixels)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_window_is_where_the_detail_is(tmp_path, scale):
    image = np.full((300, 410, 3), 90, np.uint8)
    image[120:200, 240:310] = np.random.default_rng(0).integers(0, 256, (80, 70, 3))
    found = window(cached(image, tmp_path), scale)
    assert (found.height, found.width) == (SIDE, SIDE)
    assert found.top <= 120 and found.top + SIDE >= 200
    assert found.left <= 240 and found.left + SIDE >= 310
    assert found.top % scale == found.left % scale == 0


def test_what_was_found_is_kept_and_found_anew_where_it_is_damaged(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (210, 230, 3), np.uint8)
    hr = cached(image, tmp_path)
    found = window(hr, 4)
    (kept,) = hr.array.parent.glob("*.json")
    hr.array.unlink()
    assert window(hr, 4) == found  # without the pixels
    for damaged in ("", "[1, 2]", "7"):
        cached(image, tmp_path)
        kept.write_text(damaged)
        assert window(hr, 4) == found


@settings(max_examples=40, deadline=None)
@given(height=st.integers(19, 260), width=st.integers(19, 260), scale=st.sampled_from([2, 3, 4]))
def test_the_window_lies_inside_and_on_the_grid(tmp_path_factory, height, width, scale):
    image = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
    found = window(cached(image, tmp_path_factory.mktemp("cache")), scale)
    for start, length, side in (
        (found.top, found.height, height),
        (found.left, found.width, width),
    ):
        assert start % scale == length % scale == 0
        assert length == min(SIDE, side // scale * scale)
        assert 0 <= start <= start + length <= side
