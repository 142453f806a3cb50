"""LR images made from HR images, and written as files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import skimage.data

from harness.errors import DataError
from harness.images.datasets import layouts
from harness.images.png import Image, read_header, read_image, write_image
from harness.images.resize import USUAL, Convention, make_lr
from harness.records import Protocol
from harness.store import files


def prepare(
    hr_folder: Path, scales: Sequence[int], to: Path, convention: Convention = USUAL
) -> Iterator[tuple[Path, int]]:
    """Write the LR images of every PNG in `hr_folder` below `to`; yield each folder and its count.

    The folders are those of the first known layout. Raises DataError, before anything is written,
    where there is no PNG or one is smaller than a scale.
    """
    if not hr_folder.is_dir():
        raise DataError(f"{hr_folder} is not a folder; name the one with the HR images")
    found = layouts.files(hr_folder, "*.png")
    if not found:
        raise DataError(f"{hr_folder} holds no PNG; name the folder with the HR images themselves")
    for image in found.values():
        header = read_header(image)
        if min(header.width, header.height) < max(scales):
            size = f"{header.width}x{header.height}"
            raise DataError(f"{image} is {size}, too small for x{max(scales)}; leave it out")
    for scale in scales:
        pattern = to / layouts.LAYOUTS[0].filled(".", scale).lr
        for name, image in found.items():
            lr = make_lr(read_image(image), scale, convention)
            _write(pattern.with_name(pattern.name.replace("*", name)), lr)
        yield pattern.parent, len(found)


def write_bundled(protocol: Protocol, data: Path) -> None:
    """Write the splits that scikit-image's wheel carries: HR as it is, LR by `resize`."""
    for split in protocol.splits:
        for image in split.bundled:
            hr_file = data / split.hr.replace("*", image)
            lr_file = data / split.lr.replace("*", image)
            if hr_file.is_file() and lr_file.is_file():
                continue
            hr = bundled_image(image)
            _write(hr_file, hr)
            _write(lr_file, make_lr(hr, protocol.scale))


def bundled_image(name: str) -> Image:
    """Return a photograph that scikit-image's wheel carries, uint8 [H, W, 3]. Raises DataError."""
    file = Path(skimage.data.__file__).parent / f"{name}.png"
    if not file.is_file():
        raise DataError(f"this scikit-image does not carry {name}.png; install the pinned version")
    return read_image(file)


def _write(file: Path, image: Image) -> None:
    files.write_whole(file, lambda stream: write_image(stream, image))
