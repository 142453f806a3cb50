"""Uploads of SR images: whole ones, and one of each kind that is refused, with its sentence."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import PIL.Image

from harness.images.png import read_image, write_image
from harness.images.resize import upscale

README = """\
Runtime per image [s]: 0.07
CPU[1] / GPU[0] : 0
extra data [1]/no extra data [0]:1
params: 150,688
Other description : made for tests
"""
SIZES = {"a": (64, 80), "b": (68, 48)}  # of the tiny challenge's SR images: height, width


def bicubic(folder: Path, lr_folder: Path, scale: int = 4) -> Path:
    """Write the bicubic SR image of every LR image, under its official name, and a readme."""
    folder.mkdir(parents=True)
    for lr in sorted(lr_folder.glob("*.png")):
        write_image(folder / lr.name, upscale(read_image(lr), scale))
    (folder / "readme.txt").write_text(README)
    return folder


def packed(folder: Path, file: Path) -> Path:
    """Pack a folder as teams do: its files at the top of a ZIP file."""
    with zipfile.ZipFile(file, "w") as archive:
        for one in sorted(folder.iterdir()):
            archive.write(one, one.name)
    return file


def _picture(mode: str, size: tuple[int, int] = SIZES["a"]) -> bytes:
    stream = io.BytesIO()
    PIL.Image.new(mode, size[::-1]).save(stream, "PNG")
    return stream.getvalue()


def _png(height: int, width: int, depth: int, rows: bytes) -> bytes:
    """Encode packed rows as RGB, whatever the header says of their number."""
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _jpeg() -> bytes:
    stream = io.BytesIO()
    PIL.Image.new("RGB", SIZES["a"][::-1]).save(stream, "JPEG")
    return stream.getvalue()


def _cut(folder: Path) -> None:
    whole = (folder / "ax4.png").read_bytes()
    (folder / "ax4.png").write_bytes(whole[: len(whole) // 2])


def _wrapped(folder: Path) -> None:
    inner = folder / "results"
    files = list(folder.iterdir())
    inner.mkdir()
    for file in files:
        file.rename(inner / file.name)


def _link(folder: Path) -> None:
    (folder / "ax4.png").unlink()
    (folder / "ax4.png").symlink_to("/etc/passwd")


def _writes(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def _many(folder: Path) -> None:
    for number in range(10_000):
        (folder / f"{number:05}.png").touch()


# what is done to the folder of a whole upload, and what is said then
SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "an image is missing": (
        lambda folder: (folder / "ax4.png").unlink(),
        "1 of 2 images are missing: ax4.png",
    ),
    "a stray file": (
        _writes("notes.doc", b""),
        "notes.doc should not be there: images are called like ax4.png",
    ),
    "another case": (
        lambda folder: (folder / "ax4.png").rename(folder / "ax4.PNG"),
        "ax4.PNG should not be there: images are called like ax4.png",
    ),
    "code": (
        _writes("model.py", b"import torch"),
        "model.py: this phase takes SR images, not code; leave the code out",
    ),
    "both names": (
        lambda folder: (folder / "a.png").write_bytes((folder / "ax4.png").read_bytes()),
        "ax4.png and a.png are one image: keep ax4.png",
    ),
    "another size": (
        _writes("ax4.png", _picture("RGB", (16, 20))),
        "ax4.png is 20x16: it must be 80x64",
    ),
    "60000 x 60000": (
        _writes("ax4.png", _png(60000, 60000, 8, bytes(1000))),
        "ax4.png is 60000x60000: it must be 80x64",
    ),
    "16 bits": (
        _writes("ax4.png", _png(64, 80, 16, bytes(64 * (6 * 80 + 1)))),
        "ax4.png has 16 bits per channel: save it as 8-bit RGB",
    ),
    "alpha": (
        _writes("ax4.png", _picture("RGBA")),
        "ax4.png has an alpha channel: save it as plain 8-bit RGB",
    ),
    "grey": (
        _writes("ax4.png", _picture("L")),
        "ax4.png is grey or has a palette: save it as 8-bit RGB",
    ),
    "a palette": (
        _writes("ax4.png", _picture("P")),
        "ax4.png is grey or has a palette: save it as 8-bit RGB",
    ),
    "a JPEG": (_writes("ax4.png", _jpeg()), "ax4.png is not a PNG: convert it to an 8-bit RGB PNG"),
    "cut short": (_cut, "ax4.png cannot be decoded (image file is truncated"),
    "a folder around": (
        _wrapped,
        "it holds one folder, results: pack the files inside it, not the folder around them",
    ),
    "a folder for an image": (
        lambda folder: ((folder / "ax4.png").unlink(), (folder / "ax4.png").mkdir()),
        "ax4.png is no plain file: put the image itself there",
    ),
    "a link": (_link, "ax4.png is no plain file: put the image itself there"),
    "nothing": (
        lambda folder: [file.unlink() for file in folder.iterdir()],
        "it is empty: put the SR images themselves into the ZIP file",
    ),
    "10,000 files": (_many, "it holds more than 1002 files: upload the images and a readme"),
    "two readmes": (
        _writes("README.md", b""),
        "README.md, readme.txt are 2 readmes: keep one",
    ),
    "a readme of nonsense": (
        _writes("readme.txt", b"runtime per image [s] : fast\n"),
        "readme.txt, line 1 ('runtime per image [s] : fast'): a runtime is a number of seconds "
        "above 0, like 0.07",
    ),
    "a readme that is no text": (
        _writes("readme.txt", b"\xff\xfe\x00"),
        "readme.txt is not text in UTF-8: save it as such",
    ),
    "a readme of a megabyte": (
        _writes("readme.txt", bytes(1 << 20)),
        "readme.txt is no text file of at most 64 KiB",
    ),
    "a file without end": (
        _writes("ax4.png", bytes(2 << 20)),
        "ax4.png has 2097152 bytes, more than the images can need together",
    ),
}
