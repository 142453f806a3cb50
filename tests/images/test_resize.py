"""Resizing equals the definition of MATLAB's bicubic, and the LR files that MATLAB wrote."""

import hashlib
from fractions import Fraction
from math import floor
from pathlib import Path

import numpy as np
import pytest
import skimage
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.errors import DataError
from harness.images.png import crop_to_multiple, read_image
from harness.images.resize import Convention, downscale, upscale


def cubic(x: Fraction) -> Fraction:
    x = abs(x)
    if x <= 1:
        return Fraction(3, 2) * x**3 - Fraction(5, 2) * x**2 + 1
    if x <= 2:
        return Fraction(-1, 2) * x**3 + Fraction(5, 2) * x**2 - 4 * x + 2
    return Fraction(0)


def replicated(j: int, length: int) -> int:
    return min(max(j, 0), length - 1)


def mirrored(j: int, length: int) -> int:
    """Go back and forth over the row: 2 1 0 | 0 1 2 | 2 1 0."""
    return ([*range(length), *reversed(range(length))])[j % (2 * length)]


def exact_row(row: list[int], factor: Fraction, outside=replicated) -> list[Fraction]:
    """Resize one row by the definition, in rational numbers."""
    sharpness = min(factor, Fraction(1))
    resized = []
    for i in range(int(len(row) * factor)):
        centre = (i + Fraction(1, 2)) / factor - Fraction(1, 2)
        reach = range(floor(centre - 2 / sharpness), floor(centre + 2 / sharpness) + 2)
        weights = [cubic(sharpness * (centre - j)) for j in reach]
        values = [row[outside(j, len(row))] for j in reach]
        resized.append(sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights))
    return resized


def exact_image(plane: np.ndarray, factor: Fraction) -> np.ndarray:
    """Resize [H, W] by the definition: height first, halves up to uint8 after either pass."""

    def resize_columns(image: np.ndarray) -> np.ndarray:
        columns = [exact_row(column.tolist(), factor) for column in image.T]
        levels = [[min(max(floor(v + Fraction(1, 2)), 0), 255) for v in c] for c in columns]
        return np.array(levels).T

    return resize_columns(resize_columns(plane).T).T


def level(value: Fraction) -> int:
    return min(max(floor(value + Fraction(1, 2)), 0), 255)


def images(sides: st.SearchStrategy[int]) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.uint8, st.tuples(sides, sides, st.just(3)))


# the weights are dyadic at 2 and 4, so floating point is exact there and halves are real ones
@settings(deadline=None, max_examples=40)
@given(image=images(st.integers(1, 3).map(lambda n: 4 * n)), scale=st.sampled_from([2, 4]))
def test_shrinking_equals_the_definition(image, scale):
    small = downscale(image, scale)
    for channel in range(3):
        expected = exact_image(image[..., channel], Fraction(1, scale))
        np.testing.assert_array_equal(small[..., channel], expected)


@settings(deadline=None, max_examples=40)
@given(
    image=images(st.integers(1, 3).map(lambda n: 4 * n)),
    scale=st.sampled_from([2, 4]),
    border=st.sampled_from(["replicate", "symmetric"]),
    height_first=st.booleans(),
    rounded_between=st.booleans(),
)
def test_every_convention_equals_its_definition(
    image, scale, border, height_first, rounded_between
):
    outside = {"replicate": replicated, "symmetric": mirrored}[border]
    between = level if rounded_between else Fraction

    def turned(plane):
        return list(zip(*plane, strict=True))

    def columns(plane, rounded):
        resized = [exact_row(list(column), Fraction(1, scale), outside) for column in turned(plane)]
        return turned([[rounded(value) for value in column] for column in resized])

    plane = [[Fraction(int(value)) for value in row] for row in image[..., 0]]
    plane = plane if height_first else turned(plane)
    plane = turned(columns(turned(columns(plane, between)), level))
    expected = plane if height_first else turned(plane)
    small = downscale(image, scale, Convention(border, height_first, rounded_between))
    np.testing.assert_array_equal(small[..., 0], np.array(expected))


@settings(deadline=None, max_examples=40)
@given(image=images(st.integers(1, 5)), scale=st.sampled_from([2, 4]))
def test_enlarging_equals_the_definition(image, scale):
    large = upscale(image, scale)
    for channel in range(3):
        expected = exact_image(image[..., channel], Fraction(scale))
        np.testing.assert_array_equal(large[..., channel], expected)


# at 3 the weights are not dyadic, and halves go either way: one pass is right to half a level
@settings(deadline=None, max_examples=40)
@given(row=st.lists(st.integers(0, 255), min_size=9, max_size=9), down=st.booleans())
def test_either_axis_at_3_is_the_nearest_level(row, down):
    resize, factor = (downscale, Fraction(1, 3)) if down else (upscale, Fraction(3))
    exact = [min(max(value, 0), 255) for value in exact_row(row, factor)]
    image = np.array(row, dtype=np.uint8)[:, None, None].repeat(9, axis=1).repeat(3, axis=2)
    for resized in (resize(image, 3)[:, 0, 0], resize(image.swapaxes(0, 1), 3)[0, :, 2]):
        errors = [abs(int(level) - value) for level, value in zip(resized, exact, strict=True)]
        assert max(errors) <= Fraction(1, 2)


@settings(deadline=None, max_examples=40)
@given(level=st.integers(0, 255), scale=st.integers(1, 5))
def test_a_flat_image_stays_flat(level, scale):
    image = np.full((scale * 3, scale * 2, 3), level, dtype=np.uint8)
    np.testing.assert_array_equal(downscale(image, scale), image[:3, :2])
    np.testing.assert_array_equal(upscale(image[:3, :2], scale), image)


@settings(deadline=None, max_examples=40)
@given(image=images(st.integers(1, 3).map(lambda n: 4 * n)), scale=st.sampled_from([2, 4]))
def test_a_mirrored_image_gives_the_mirrored_result(image, scale):
    np.testing.assert_array_equal(
        downscale(image[::-1, ::-1], scale), downscale(image, scale)[::-1, ::-1]
    )


@pytest.mark.parametrize("size", [(8, 10), (10, 8), (7, 9)])
def test_a_size_that_is_not_a_multiple_is_refused(size):
    with pytest.raises(DataError, match="crop it to a multiple of 4"):
        downscale(np.zeros((*size, 3), np.uint8), 4)


# sha256 of the pixels that code gives which equals MATLAB's files of Set5 and Set14 in every pixel
DIGESTS = {
    ("astronaut.png", 2): "b42293a43c150dda507f68516bb0a4aac2f0727abe2748ebb02ea1f83679bd96",
    ("astronaut.png", 3): "ff2d6c740b291ef1be3357641bc3bb42c712d9d6660ea026f93970946c2e39e6",
    ("astronaut.png", 4): "779079bcc93ec25299324a20e627ad9bd6d317fe6e0ccc2c0037703d25ae14f7",
    ("chelsea.png", 4): "e792c42886c04ffa4b41d302dd0a906a631c087302fe495e86fef5e12ebff1c4",
    ("coffee.png", 3): "d7dd7af2e38ec9440422d1328fcae3974c5f71f77c23803dc3cb6ddb4d37ab10",
    ("coffee.png", 4): "662956125f621d51c00a6200a7c95b9776a3a8a8429764cdcde0143e4b17e3f3",
    ("motorcycle_left.png", 4): "2c5b7f06150703ff43796c9874641dc6f7485e13c1db664638f0052a11a698d1",
}


@pytest.mark.parametrize(("name", "scale"), DIGESTS)
def test_bundled_images_shrink_to_the_same_pixels(name, scale):
    hr = read_image(Path(skimage.__file__).parent / "data" / name)
    lr = downscale(crop_to_multiple(hr, scale), scale)
    assert hashlib.sha256(lr.tobytes()).hexdigest() == DIGESTS[name, scale]


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize(("dataset", "count"), [("Set5", 5), ("Set14", 14)])
def test_published_lr_images_are_met_in_every_pixel(shared, dataset, count, scale):
    hr_files = sorted((shared / "data" / dataset / "HR").glob("*.png"))
    assert len(hr_files) == count
    for hr_file in hr_files:
        (lr_file,) = (shared / "data" / dataset / "LR_bicubic" / f"X{scale}").glob(
            f"{hr_file.stem}*.png"
        )
        lr = downscale(crop_to_multiple(read_image(hr_file), scale), scale)
        np.testing.assert_array_equal(lr, read_image(lr_file), err_msg=str(lr_file))
