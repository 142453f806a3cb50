"""PNG files and uint8 arrays."""

import logging
import os
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import IO, NamedTuple

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from harness.errors import DataError

Image = NDArray[np.uint8]
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB, _PALETTE = 2, 3
_WITH_ALPHA = (4, 6)


class Header(NamedTuple):
    """What a PNG says about itself before its pixels."""

    width: int
    height: int
    rgb: bool  # neither grey nor with a palette


def read_header(path: Path) -> Header:
    """Return the size of a PNG without decoding anything, whatever size it states.

    Raises DataError, as `read_image` does, when it is not an opaque PNG of 8 bits per channel.
    """
    try:
        with path.open("rb") as file:
            # the IHDR chunk always comes first: PNG specification, section 5.6
            start = file.read(33)
            if start[:8] != _SIGNATURE:
                raise DataError(f"{path} is not a PNG: convert it to an 8-bit RGB PNG")
            width, height, depth, colour = struct.unpack(">IIBB", start[16:26])
            transparent = b"tRNS" in _chunks_before_pixels(file)
    except (OSError, struct.error) as error:
        raise DataError(f"{path} cannot be read as a PNG ({error}): replace the file") from error
    if colour in _WITH_ALPHA or transparent:
        raise DataError(f"{path} has an alpha channel: save it as plain 8-bit RGB")
    # Pillow would silently drop the lower half of 16-bit RGB
    if depth != 8 and colour != _PALETTE:
        raise DataError(f"{path} has {depth} bits per channel: save it as 8-bit RGB")
    return Header(width, height, rgb=colour == _RGB)


def _chunks_before_pixels(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the kinds of the chunks between IHDR and the pixels."""
    while len(head := file.read(8)) == 8 and head[4:] != b"IDAT":
        yield head[4:]
        file.seek(int.from_bytes(head[:4]) + 4, os.SEEK_CUR)  # its data and its check sum


def read_image(path: Path) -> Image:
    """Decode a PNG to uint8 [H, W, 3]; grey is repeated to RGB.

    Raises DataError, naming the file and the remedy, when the file is missing, does not decode, has
    an alpha channel or has other than 8 bits per channel.
    """
    read_header(path)
    if (image := _decoded(path)) is not None:
        return image
    try:
        with PIL.Image.open(path) as picture:
            # convert copies even where the mode is right already
            return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError) as error:
        raise DataError(f"{path} cannot be decoded ({error}): replace the file") from error


def _decoded(path: Path) -> Image | None:
    """Decode RGB of 8 bits in half of Pillow's time, beside other threads; None: Pillow is to."""
    content = path.read_bytes()
    codec = _codec()
    if codec is None or content[24:26] != b"\x08\x02":
        return None
    try:
        image: Image = codec.png_decode(content)
    except (RuntimeError, ValueError):  # it fails on a text that is no text, too: Pillow is to tell
        return None
    return image


@cache
def _codec() -> ModuleType | None:
    try:
        import imagecodecs
    except ImportError:
        return None
    # it tells of every colour profile that it finds odd and leaves out, as Pillow does in silence
    logging.getLogger("imagecodecs").setLevel(logging.ERROR)
    return imagecodecs


def write_image(file: Path | IO[bytes], image: Image) -> None:
    """Write a uint8 [H, W, 3] array as a PNG."""
    PIL.Image.fromarray(image).save(file, format="PNG")


def crop_to_multiple(image: Image, scale: int) -> Image:
    """Cut [H, W, C] at the bottom and right to sides that are multiples of `scale`."""
    height, width = image.shape[:2]
    return image[: height - height % scale, : width - width % scale]
