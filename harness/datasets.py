"""The image pairs of a protocol's splits: found, checked all together, decoded once."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray

from harness.cache import CachedImage, ImageCache
from harness.errors import DataError
from harness.fidelity import smallest_side
from harness.images import crop_to_multiple, read_image, write_image
from harness.records import Protocol, Split, SplitInfo
from harness.resize import downscale

_FAULTS_SHOWN = 40


@dataclass(frozen=True)
class Pair:
    """One image of a split. `hr` is None where only the LR side is at hand."""

    name: str  # of the HR file, or of the LR file without it
    lr: CachedImage
    hr: CachedImage | None


@dataclass(frozen=True)
class SplitData:
    """The pairs of one split, in the order of their names; none where the split is absent."""

    name: str
    pairs: tuple[Pair, ...]

    @property
    def scorable(self) -> bool:
        """Tell whether the split has HR images."""
        return bool(self.pairs) and self.pairs[0].hr is not None

    @property
    def lr_digest(self) -> str:
        """Return the digest of the LR pixels in order."""
        return _digest(pair.lr for pair in self.pairs)

    @property
    def hr_digest(self) -> str:
        """Return the digest of the HR pixels in order."""
        return _digest(pair.hr for pair in self.pairs if pair.hr)

    def info(self) -> SplitInfo:
        """Describe the split for the results."""
        names = tuple(pair.name for pair in self.pairs)
        sizes = tuple((pair.lr.height, pair.lr.width) for pair in self.pairs)
        hr_digest = self.hr_digest if self.scorable else ""
        return SplitInfo(self.name, names, self.lr_digest, hr_digest, sizes)


def open_splits(
    protocol: Protocol, data: Path, names: Sequence[str] = (), cache: ImageCache | None = None
) -> tuple[SplitData, ...]:
    """Find, check and decode the splits of `protocol` below the folder `data`.

    `names` limits them. A split of which nothing is there comes back without pairs. Raises
    DataError that lists every fault of every split.
    """
    splits = _chosen(protocol, names)
    if not data.is_dir():
        raise DataError(f"the data folder {data} does not exist; name it with --data")
    cache = cache or ImageCache()
    faults: list[str] = []
    found = tuple(_open_split(split, data, protocol, cache, faults) for split in splits)
    cache.save_index()
    if faults:
        shown = faults[:_FAULTS_SHOWN]
        more = [f"and {len(faults) - len(shown)} more"] if len(faults) > len(shown) else []
        listed = "\n  ".join(shown + more)
        raise DataError(f"the data in {data} has {len(faults)} fault(s):\n  {listed}")
    if not any(split.pairs for split in found):
        wanted = ", ".join(f"{split.hr} with {split.lr}" for split in splits)
        raise DataError(f"{data} holds no split of protocol {protocol.name}; it wants {wanted}")
    return found


def generated_split(name: str, height: int, width: int) -> SplitData:
    """Make a split of one LR image, of noise; it is the same at every call."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return SplitData(name, (Pair("generated.png", ImageCache().store(pixels), None),))


def write_bundled(protocol: Protocol, data: Path) -> None:
    """Write the splits that scikit-image's wheel carries: HR as it is, LR by `resize`."""
    for split in protocol.splits:
        for image in split.bundled:
            hr_file = data / split.hr.replace("*", image)
            lr_file = data / split.lr.replace("*", image)
            if hr_file.is_file() and lr_file.is_file():
                continue
            hr = bundled_image(image)
            for file in (hr_file, lr_file):
                file.parent.mkdir(parents=True, exist_ok=True)
            write_image(hr_file, hr)
            write_image(lr_file, downscale(crop_to_multiple(hr, protocol.scale), protocol.scale))


def bundled_image(name: str) -> NDArray[np.uint8]:
    """Return a photograph that scikit-image's wheel carries, uint8 [H, W, 3]. Raises DataError."""
    file = Path(skimage.data.__file__).parent / f"{name}.png"
    if not file.is_file():
        raise DataError(f"this scikit-image does not carry {name}.png; install the pinned version")
    return read_image(file)


def _chosen(protocol: Protocol, names: Sequence[str]) -> tuple[Split, ...]:
    known = [split.name for split in protocol.splits]
    for name in names:
        if name not in known:
            raise DataError(f"protocol {protocol.name} has no split {name!r}; it has {known}")
    return tuple(split for split in protocol.splits if not names or split.name in names)


def _open_split(
    split: Split, data: Path, protocol: Protocol, cache: ImageCache, faults: list[str]
) -> SplitData:
    scale, smallest = protocol.scale, smallest_side(protocol.border)
    hr_files, lr_files = _files(data, split.hr), _files(data, split.lr)
    if not lr_files and not hr_files:
        return SplitData(split.name, ())
    stems = sorted(lr_files) if not hr_files else sorted(hr_files.keys() | lr_files.keys())
    for stem in stems:
        if stem not in lr_files:
            faults.append(f"{split.name}: {hr_files[stem].name} has no LR image {split.lr}")
        if hr_files and stem not in hr_files:
            faults.append(f"{split.name}: {lr_files[stem].name} has no HR image {split.hr}")
    whole = [stem for stem in stems if stem in lr_files and (not hr_files or stem in hr_files)]

    def open_pair(stem: str) -> Pair | str:
        try:
            lr = cache.get(lr_files[stem])
            hr = cache.get(hr_files[stem]) if hr_files else None
        except DataError as error:
            return f"{split.name}: {error}"
        name = (hr_files or lr_files)[stem].name
        if hr and (hr.height // scale, hr.width // scale) != (lr.height, lr.width):
            return (
                f"{split.name}: {name} is {hr.width}x{hr.height}, its LR image is "
                f"{lr.width}x{lr.height}; times {scale} they must agree"
            )
        if hr and min(lr.height, lr.width) * scale < smallest:
            return (
                f"{split.name}: {name} is {hr.width}x{hr.height}; with a border of "
                f"{protocol.border}, PSNR and SSIM need {smallest} pixels on each side"
            )
        return Pair(name, lr, hr)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        opened = list(pool.map(open_pair, whole))
    faults.extend(pair for pair in opened if isinstance(pair, str))
    return SplitData(split.name, tuple(pair for pair in opened if isinstance(pair, Pair)))


def _files(data: Path, pattern: str) -> dict[str, Path]:
    """Map what `*` stands for to each file that fits `pattern`."""
    before, _, after = Path(pattern).name.partition("*")
    folder = data / Path(pattern).parent
    return {
        file.name[len(before) : len(file.name) - len(after)]: file
        for file in folder.glob(Path(pattern).name)
        if not file.name.startswith(".")
    }


def _digest(images: Iterable[CachedImage]) -> str:
    return hashlib.sha256("".join(image.digest for image in images).encode()).hexdigest()
