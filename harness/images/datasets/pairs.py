"""The image pairs of one data set at one scale: checked all together, decoded once."""

import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from harness.errors import DataError
from harness.images.cache import CachedImage, ImageCache
from harness.images.datasets.layouts import LAYOUTS, Found
from harness.images.fidelity import smallest_side
from harness.images.png import crop_to_multiple
from harness.images.resize import USUAL, make_lr
from harness.worker.devices.host import available_cores

_NAMED = 20  # files that are left out, at most


@dataclass(frozen=True)
class Pair:
    """One image of a data set. `hr` is None where only the LR side is at hand."""

    name: str  # of the HR file, or of the LR file without it
    lr: CachedImage
    hr: CachedImage | None


def open_pairs(
    found: Found,
    scale: int,
    border: int,
    cache: ImageCache,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
    """Return the whole pairs in the order of their names, and what is wrong with the others.

    LR is made where only HR is there. `border` is what PSNR and SSIM cut. `progress` is told how
    many pairs are open, and of how many.
    """
    hr_files, lr_files = found.hr, found.hr if found.lr_is_made else found.lr
    stems = sorted(hr_files.keys() | lr_files.keys())
    faults = list(_untaken(found))
    if hr_files and not lr_files and not found.lr_left_out:
        faults.append(_unmade(found, scale))
    for stem in stems:
        if lr_files and stem not in lr_files:
            faults.append(f"{hr_files[stem].name} has no LR image {found.layout.lr}")
        if hr_files and stem not in hr_files:
            faults.append(f"{lr_files[stem].name} has no HR image {found.layout.hr}")

    def open_pair(stem: str) -> Pair | str:
        try:
            return _open(stem, found, scale, border, cache)
        except DataError as error:
            return str(error)

    whole = [stem for stem in stems if stem in lr_files and (not hr_files or stem in hr_files)]
    with ThreadPoolExecutor(available_cores()) as pool:
        opened = []
        for pair in pool.map(open_pair, whole):
            opened.append(pair)
            progress(len(opened), len(whole))
    faults.extend(pair for pair in opened if isinstance(pair, str))
    return tuple(pair for pair in opened if isinstance(pair, Pair)), tuple(faults)


def left_out(found: Found) -> str:
    """Name the image files beside the pairs that no pattern takes; empty where there is none."""
    files = (*found.hr_left_out, *found.lr_left_out)
    names = [file.name for file in dict.fromkeys(files)]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    one = len(names) == 1
    said = f"no image of the set, as {'it fits' if one else 'they fit'} no pattern"
    return f"{', '.join(names[:_NAMED])}{more}: {said} {_patterns(found)}" if names else ""


def _patterns(found: Found) -> str:
    return " or ".join(filter(None, (found.layout.hr, found.layout.lr)))


def _untaken(found: Found) -> Iterator[str]:
    """Name a side whose folder holds images of which its pattern takes none."""
    sides = (
        ("HR", found.hr, found.hr_left_out, found.layout.hr),
        ("LR", found.lr or found.lr_is_made, found.lr_left_out, found.layout.lr),
    )
    for side, taken, others, pattern in sides:
        if others and not taken:
            yield (
                f"of the {side} images, {others[0].name} and others, none fits {pattern}; convert "
                "them to PNG, or rename them"
            )


def _unmade(found: Found, scale: int) -> str:
    """Say, once for the whole set, that nobody made LR of this scale, and what does."""
    folder = next(iter(found.hr.values())).parent
    to, made = folder.parent, LAYOUTS[0].filled(".", scale).lr
    fault = (
        f"there is no LR image {found.layout.lr} of its {len(found.hr)} HR images; make them: "
        f"esr-harness data prepare {shlex.quote(str(folder))} --scales {scale} "
        f"--to {shlex.quote(str(to))}"
    )
    named = bool(found.layout.name)  # or else a protocol states the pattern
    return fault if named else f"{fault}, and name {made} there as lr in the protocol"


def _open(stem: str, found: Found, scale: int, border: int, cache: ImageCache) -> Pair:
    if not found.hr:
        return Pair(found.lr[stem].name, cache.get(found.lr[stem]), None)
    name, hr = found.hr[stem].name, cache.get(found.hr[stem])
    if not found.lr_is_made:
        hr = _cropped(hr, found.layout.hr_multiple, cache)
    if fault := too_small(name, hr, scale, border):
        raise DataError(fault)
    if found.lr_is_made:
        key = f"{hr.digest} at 1/{scale}, {USUAL}"
        return Pair(name, cache.made(key, lambda: make_lr(hr.read(), scale)), hr)
    lr = cache.get(found.lr[stem])
    if (hr.height // scale, hr.width // scale) != (lr.height, lr.width):
        raise DataError(
            f"{name} is {hr.width}x{hr.height}, its LR image is {lr.width}x{lr.height}; "
            f"times {scale} they must agree"
        )
    return Pair(name, lr, hr)


def too_small(name: str, hr: CachedImage, scale: int, border: int) -> str:
    """Say that an HR image is too small for PSNR and SSIM, or nothing."""
    smallest = smallest_side(border)
    if min(hr.height, hr.width) // scale * scale >= smallest:
        return ""
    return (
        f"{name} is {hr.width}x{hr.height}; with a border of {border}, PSNR and SSIM need "
        f"{smallest} pixels on each side"
    )


def _cropped(image: CachedImage, multiple: int, cache: ImageCache) -> CachedImage:
    if image.height % multiple == image.width % multiple == 0:
        return image
    key = f"{image.digest} cropped to multiples of {multiple}"
    return cache.made(key, lambda: crop_to_multiple(image.read(), multiple))
