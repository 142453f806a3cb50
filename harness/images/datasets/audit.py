"""What a folder of data holds: images, faults, and how its LR images were made."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import get_args

import numpy as np

from harness.errors import DataError
from harness.images.cache import CachedImage, ImageCache
from harness.images.datasets import layouts, public
from harness.images.datasets.layouts import Found
from harness.images.datasets.pairs import Pair, left_out, open_pairs, too_small
from harness.images.datasets.public import PublicData
from harness.images.png import Image
from harness.images.resize import USUAL, Border, Convention, make_lr

_SCALES = (2, 3, 4, 8)  # that are looked for
_USUAL_SCALES = (2, 3, 4)  # at which LR may be made from HR images alone
_CONVENTIONS = tuple(
    Convention(*one) for one in product(get_args(Border), (True, False), (True, False))
)


@dataclass(frozen=True)
class Remark:
    """One thing that was seen. `good` is False where there is something to correct."""

    good: bool
    text: str


def audit(folder: Path) -> Iterator[Remark]:
    """Yield what there is to say of a data set, or of each one in a folder of them.

    Raises DataError where the folder holds none.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; name a data set, or a folder of data sets")
    sets = dict(_found(folder.resolve()))
    if not sets:
        known = ", ".join(dict.fromkeys(layout.hr for layout in layouts.LAYOUTS))
        raise DataError(f"{folder} holds no data set; HR images are looked for in {known}")
    cache = ImageCache()
    for name, scales in sets.items():
        yield from _of_set(name, scales, cache)
    cache.save_index()


def _found(folder: Path) -> Iterator[tuple[str, Mapping[int, Found]]]:
    """Yield the data set that `folder` is, or else those in it, at each scale."""
    if scales := _scales(folder, "."):
        yield folder.name, scales
        return
    # RCAN's layout has the sets below a folder of each side
    inner = [one.name for place in (folder, folder / "HR") for one in _folders(place)]
    for name in sorted({re.sub(r"_[HL]R(_bicubic)?$", "", one) for one in inner}):
        if scales := _scales(folder, name):
            yield name, scales


def _folders(place: Path) -> list[Path]:
    return [one for one in place.iterdir() if one.is_dir()] if place.is_dir() else []


def _scales(data: Path, name: str) -> Mapping[int, Found]:
    """Return what there is of a data set at each scale; without LR images, HR at scale 1.

    A scale whose folder of LR images is there, and empty, is there too.
    """
    every = {
        scale: one
        for scale in _SCALES
        if (one := layouts.find(data, name, scale)) and (one.hr or one.lr)
    }
    with_lr = {s: one for s, one in every.items() if one.lr or _is_of_scale(one, s)}
    alone = next(iter(every.values()), None)
    return with_lr or ({1: alone} if alone else {})


def _is_of_scale(found: Found, scale: int) -> bool:
    """Tell whether there is a folder of LR images that is for this scale alone."""
    folder = Path(found.layout.lr).parent.name.lower()
    return not found.lr_is_made and folder.endswith(f"x{scale}")


def _of_set(name: str, scales: Mapping[int, Found], cache: ImageCache) -> Iterator[Remark]:
    for scale, found in scales.items():
        where = name if scale == 1 else f"{name}, x{scale}"
        pairs, faults = open_pairs(found, scale, scale, cache)
        yield Remark(True, f"{where}: {_summary(pairs, found)}")
        if set_ := public.known(name):
            yield from _counted(where, set_, len(found.hr or found.lr))
        for fault in faults:
            yield Remark(False, f"{where}: {fault}")
        if others := left_out(found):
            yield Remark(True, f"{where}: {others}")
        for asked, pair in product(_USUAL_SCALES, pairs) if scale == 1 else ():
            if pair.hr and (fault := too_small(pair.name, pair.hr, asked, asked)):
                yield Remark(False, f"{where}, x{asked}: {fault}")
        if found.hr and found.lr:
            for remark in _degradation(pairs, scale):
                yield Remark(remark.good, f"{where}: {remark.text}")
    yield from _absent(name, scales)


def _counted(where: str, expected: PublicData, images: int) -> Iterator[Remark]:
    """Say how many images a known data set lacks, or has too many."""
    if expected.images in (None, images):
        return
    off = images - (expected.images or 0)
    which = f"{off} too many" if off > 0 else f"{-off} are missing; see {expected.source}"
    yield Remark(
        False, f"{where}: {images} images, and {expected.name} has {expected.images}: {which}"
    )


def _absent(name: str, scales: Mapping[int, Found]) -> Iterator[Remark]:
    """Say at which usual scales there is nothing, where each has HR images of its own."""
    every = {layout.name: layout for layout in layouts.LAYOUTS}
    own = all("{scale}" in every[one.layout.name].hr for one in scales.values())
    missing = [f"x{scale}" for scale in _USUAL_SCALES if scale not in scales]
    if own and missing:
        yield Remark(
            True,
            f"{name}: nothing at {', '.join(missing)}; LR is made there of whole HR images in "
            f"{name}/HR",
        )


def _summary(pairs: Sequence[Pair], found: Found) -> str:
    images: list[CachedImage] = [pair.hr or pair.lr for pair in pairs]
    what = "pairs, HR"
    if found.lr_is_made:
        what = "HR images, from which LR is made where it is needed,"
    elif not found.hr:
        what = "LR images, which can be timed but not scored,"
    sizes = sorted((one.height * one.width, f"{one.width}x{one.height}") for one in images)
    span = f" {sizes[0][1]} to {sizes[-1][1]}" if sizes else ""
    return f"{len(pairs)} {what}{span} (layout {found.layout.name})"


def _degradation(pairs: Sequence[Pair], scale: int) -> Iterator[Remark]:
    """Say by which convention LR is the bicubic of HR, or how far it is from it."""
    made: Counter[Convention] = Counter()
    for pair in pairs:
        assert pair.hr is not None
        hr, lr = pair.hr.read(), pair.lr.read()
        likely = dict.fromkeys((*(one for one, _ in made.most_common()), *_CONVENTIONS))
        equal = (one for one in likely if np.array_equal(make_lr(hr, scale, one), lr))
        if convention := next(equal, None):
            made[convention] += 1
        else:
            yield Remark(False, _difference(pair.name, make_lr(hr, scale), lr))
    for convention, count in made.items():
        unusual = "" if convention == USUAL else ", which is not the usual convention"
        yield Remark(
            True, f"LR of {count} is MATLAB's bicubic of HR in every pixel ({convention}){unusual}"
        )


def _difference(name: str, expected: Image, lr: Image) -> str:
    levels = np.abs(expected.astype(int) - lr)
    return (
        f"LR of {name} is MATLAB's bicubic of HR by no convention: {np.mean(levels > 0):.1%} of "
        f"its values differ, by up to {levels.max()} levels; `data prepare` makes it anew"
    )
