"""The splits of a protocol in a folder of data: found, checked all together, decoded once."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from harness.errors import DataError
from harness.images.cache import CachedImage, ImageCache
from harness.images.datasets import layouts
from harness.images.datasets.layouts import Found, Layout
from harness.images.datasets.pairs import Pair, left_out, open_pairs
from harness.images.resize import USUAL
from harness.records import Protocol, Split, SplitInfo

LR_SIZE = (339, 510)  # of most images of the challenge: 2040x1356 at x4
_FAULTS_SHOWN = 40

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SplitData:
    """The pairs of one split, in the order of their names; none where the split is absent."""

    name: str
    pairs: tuple[Pair, ...]
    layout: str = ""  # its name, where it was looked for in all known ones
    made_lr: str = ""  # how LR was made from HR; empty where it was found
    left_out: str = ""  # image files in its folders that are no part of it

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
        digests = (self.lr_digest, hr_digest)
        return SplitInfo(
            self.name,
            names,
            *digests,
            sizes,
            layout=self.layout,
            made_lr=self.made_lr,
            left_out=self.left_out,
        )


def open_splits(
    protocol: Protocol,
    data: Path,
    names: Sequence[str] = (),
    cache: ImageCache | None = None,
    progress: Progress = lambda split, done, of: None,
) -> tuple[SplitData, ...]:
    """Find, check and decode the splits of `protocol` below the folder `data`.

    `names` limits them; `progress` is told of each split how many of its pairs are open, and of how
    many. A split of which nothing is there comes back without pairs. Raises DataError that lists
    every fault of every split.
    """
    splits = _chosen(protocol, names)
    if not data.is_dir():
        raise DataError(f"the data folder {data} does not exist; name it with --data")
    cache = cache or ImageCache()
    faults: list[str] = []
    found = tuple(
        _open_split(split, data, protocol, cache, faults, progress=progress) for split in splits
    )
    cache.save_index()
    if faults:
        shown = faults[:_FAULTS_SHOWN]
        more = [f"and {len(faults) - len(shown)} more"] if len(faults) > len(shown) else []
        listed = "\n  ".join(shown + more)
        raise DataError(f"the data in {data} has {len(faults)} fault(s):\n  {listed}")
    if not any(split.pairs for split in found):
        wanted = ", ".join(split.wanted for split in splits)
        advice = _one_set(data, protocol.scale)
        raise DataError(
            f"{data} holds no split of protocol {protocol.name}{advice}; it wants {wanted}"
        )
    return found


def generated_split(name: str, height: int, width: int) -> SplitData:
    """Make a split of one LR image, of noise; it is the same at every call."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return SplitData(name, (Pair("generated.png", ImageCache().store(pixels), None),))


def _chosen(protocol: Protocol, names: Sequence[str]) -> tuple[Split, ...]:
    known = [split.name for split in protocol.splits]
    for name in names:
        if name not in known:
            raise DataError(f"protocol {protocol.name} has no split {name!r}; it has {known}")
    return tuple(split for split in protocol.splits if not names or split.name in names)


def _open_split(
    split: Split,
    data: Path,
    protocol: Protocol,
    cache: ImageCache,
    faults: list[str],
    *,
    progress: Progress,
) -> SplitData:
    found = _find(split, data, protocol.scale)
    if found is None:
        return SplitData(split.name, ())
    pairs, wrong = open_pairs(
        found, protocol.scale, protocol.border, cache, partial(progress, split.name)
    )
    faults.extend(f"{split.name}: {fault}" for fault in wrong)
    made_lr = f"MATLAB's bicubic ({USUAL})" if found.lr_is_made else ""
    return SplitData(split.name, pairs, found.layout.name, made_lr, left_out(found))


def _find(split: Split, data: Path, scale: int) -> Found | None:
    if split.hr:
        tried = [layouts.at(data, Layout("", split.hr, split.lr))]
    else:
        names = (split.name, *split.aliases)
        tried = [one for name in names if (one := layouts.find(data, name, scale))]
    holding = (one for one in tried if one.hr or one.lr)
    return next(holding, None) or next((one for one in tried if left_out(one)), None)


def _one_set(data: Path, scale: int) -> str:
    """Say where a folder is itself a data set, of which the one above is wanted; or nothing."""
    found = layouts.find(data, ".", scale)
    if not found or not (found.hr or found.lr):
        return ""
    return f", but is itself a data set: name the folder that it lies in, {data.resolve().parent}"


def _digest(images: Iterable[CachedImage]) -> str:
    return hashlib.sha256("".join(image.digest for image in images).encode()).hexdigest()
