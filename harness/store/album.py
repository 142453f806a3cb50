"""Albums: small pictures on disk, each beside its PSNR, one file for a split.

An album is a ZIP file of lossless WebP pictures, which browsers show and Pillow reads; the comment
of a member is the PSNR of that picture in dB, where it has one.
"""

import io
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from harness.store import files

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """A picture as a lossless WebP file, and its PSNR against the HR one, where it has one."""

    webp: bytes
    psnr_db: float | None = None

    @property
    def pixels(self) -> Image:
        """Return the picture decoded: uint8 [H, W, 3]."""
        with PIL.Image.open(io.BytesIO(self.webp)) as picture:
            return np.asarray(picture.convert("RGB"))


def picture(pixels: Image, psnr_db: float | None = None) -> Picture:
    """Encode uint8 [H, W, 3]."""
    stream = io.BytesIO()
    # method 0 takes a twentieth of the usual time, for files a tenth larger
    PIL.Image.fromarray(pixels).save(stream, format="WEBP", lossless=True, method=0)
    return Picture(stream.getvalue(), psnr_db)


def write(file: Path, pictures: Mapping[str, Picture]) -> None:
    """Write an album, whole or not at all."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as album:
        for name, one in pictures.items():
            member = zipfile.ZipInfo(name)  # without a date: the same pictures, the same bytes
            member.comment = b"" if one.psnr_db is None else repr(one.psnr_db).encode()
            album.writestr(member, one.webp)
    files.write_whole(file, lambda out: out.write(stream.getvalue()))


def read(file: Path, names: Collection[str] | None = None) -> dict[str, Picture]:
    """Read the pictures of an album, or those called by `names`; none of a damaged one."""
    try:
        with zipfile.ZipFile(file) as album:
            members = [m for m in album.infolist() if names is None or m.filename in names]
            return {member.filename: _picture(album, member) for member in members}
    except (OSError, ValueError, zipfile.BadZipFile):
        return {}


def _picture(album: zipfile.ZipFile, member: zipfile.ZipInfo) -> Picture:
    return Picture(album.read(member), float(member.comment) if member.comment else None)
