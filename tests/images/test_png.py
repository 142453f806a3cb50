"""Images are read as they were written, and unusable files are refused."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DataError
from harness.images.png import Header, crop_to_multiple, read_header, read_image, write_image

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
    assert read_header(file) == Header(width=7, height=5, rgb=True)
    assert read_image(file).dtype == np.uint8
    np.testing.assert_array_equal(read_image(file), image)


def test_grey_is_repeated_to_rgb(file):
    file.write_bytes(png(3, [bytes([0, 100, 255])], 8, GREY))
    assert read_header(file) == Header(width=3, height=1, rgb=False)
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
    assert read_header(file) == Header(64, 64, rgb=True)
    with pytest.raises(DataError, match=r"0801\.png cannot be decoded"):
        read_image(file)


COLOUR = {
    "gAMA": struct.pack(">I", 30000),
    "cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    "sRGB": b"\0",
    "iCCP": b"a profile\0\0" + zlib.compress(b"not one" * 30),
    "sBIT": bytes([5, 6, 5]),
    "bKGD": bytes(6),
    "tIME": bytes([7, 228, 1, 1, 0, 0, 0]),
}


@pytest.mark.parametrize("kind", COLOUR)
def test_pixels_are_those_of_the_file_whatever_it_says_of_colours(file, kind, capfd):
    image = np.random.default_rng(0).integers(0, 256, (9, 6, 3), dtype=np.uint8)
    rows = [row.tobytes() for row in image]
    file.write_bytes(png(6, rows, 8, RGB, chunk(kind.encode(), COLOUR[kind])))
    np.testing.assert_array_equal(read_image(file), image)
    assert capfd.readouterr() == ("", "")


def test_interlaced_rows_are_put_in_order(file):
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2)]
    parts = [image[top::down, left::right] for top, left, down, right in [*passes, (1, 0, 2, 1)]]
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for part in parts for row in part))
    header = struct.pack(">IIBBBBB", 8, 8, 8, RGB, 0, 0, 1)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    np.testing.assert_array_equal(read_image(file), image)


@settings(deadline=None, max_examples=100)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
def test_a_damaged_file_is_refused_or_read_as_pillow_reads_it(tmp_path_factory, where, bit, cut):
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    stream = io.BytesIO()
    write_image(stream, image)
    content = bytearray(stream.getvalue())
    place = int(where * len(content))
    content[place] ^= 1 << bit
    file = tmp_path_factory.getbasetemp() / "damaged.png"
    file.write_bytes(content[:place] if cut else content)
    try:
        found = read_image(file)
    except DataError as refusal:
        assert str(file) in str(refusal)
        return
    with PIL.Image.open(file) as picture:
        np.testing.assert_array_equal(found, picture.convert("RGB"))


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
