"""Images survive the way from files to networks and back, and unusable files are refused."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DataError
from harness.images import (
    Header,
    crop_to_multiple,
    read_header,
    read_image,
    to_input,
    to_uint8,
    write_image,
)

GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, rows: list[bytes], depth: int, colour: int, *extra: bytes) -> bytes:
    """Encode rows of packed samples: an encoder of our own, as Pillow cannot write every kind."""
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = (chunk(b"IHDR", header), *extra, chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "0801.png"


def test_rgb_is_read_as_written(file):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    write_image(file, image)
    assert read_header(file) == Header(width=7, height=5, grey=False)
    assert read_image(file).dtype == np.uint8
    np.testing.assert_array_equal(read_image(file), image)


def test_grey_is_repeated_to_rgb(file):
    file.write_bytes(png(3, [bytes([0, 100, 255])], 8, GREY))
    assert read_header(file) == Header(width=3, height=1, grey=True)
    assert read_image(file).tolist() == [[[0, 0, 0], [100, 100, 100], [255, 255, 255]]]


def test_an_opaque_palette_is_looked_up(file):
    palette = chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60]))
    file.write_bytes(png(2, [bytes([0b01000000])], 1, PALETTE, palette))
    assert read_image(file).tolist() == [[[10, 20, 30], [40, 50, 60]]]


PLTE = chunk(b"PLTE", bytes(6))
REFUSED = {
    "RGB with alpha": (png(1, [bytes(4)], 8, RGB_ALPHA), "alpha"),
    "grey with alpha": (png(1, [bytes(2)], 8, GREY_ALPHA), "alpha"),
    "16-bit RGB with alpha": (png(1, [bytes(8)], 16, RGB_ALPHA), "alpha"),
    "RGB with a transparent colour": (
        png(1, [bytes(3)], 8, RGB, chunk(b"tRNS", bytes(6))),
        "alpha",
    ),
    "palette with transparency": (
        png(1, [bytes(1)], 8, PALETTE, PLTE, chunk(b"tRNS", bytes(2))),
        "alpha",
    ),
    "16-bit RGB": (png(1, [bytes(6)], 16, RGB), "16 bits"),
    "16-bit grey": (png(1, [bytes(2)], 16, GREY), "16 bits"),
    "bilevel": (png(1, [bytes(1)], 1, GREY), "1 bits"),
    "JPEG under a PNG's name": (b"\xff\xd8\xff\xe0" + bytes(40), "not a PNG"),
    "empty": (b"", "not a PNG"),
    "cut inside the header": (png(1, [bytes(3)], 8, RGB)[:20], "read"),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_unusable_files_are_refused_by_name(file, content, words):
    file.write_bytes(content)
    for read in (read_header, read_image):
        with pytest.raises(DataError, match=words) as refusal:
            read(file)
        assert str(file) in str(refusal.value)


def test_a_file_that_is_cut_short_passes_the_header_and_fails_to_decode(file):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    write_image(file, noise)
    file.write_bytes(file.read_bytes()[:5000])
    assert read_header(file) == Header(64, 64, grey=False)
    with pytest.raises(DataError, match=r"0801\.png cannot be decoded"):
        read_image(file)


def test_a_missing_file_is_refused_by_name(file):
    with pytest.raises(DataError, match=r"0801\.png"):
        read_image(file)


@pytest.mark.parametrize(
    ("size", "scale", "cropped"),
    [((13, 18), 4, (12, 16)), ((12, 16), 4, (12, 16)), ((5, 7), 3, (3, 6)), ((3, 9), 4, (0, 8))],
)
def test_the_crop_keeps_the_top_left(size, scale, cropped):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    part = crop_to_multiple(image, scale)
    assert part.shape == (*cropped, 3)
    np.testing.assert_array_equal(part, image[: cropped[0], : cropped[1]])


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
