"""Crops of a few images: LR, bicubic, the entry, the baseline, HR and the error, side by side."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from harness.records import Entry, Run, Split, SplitInfo
from harness.store import album
from harness.store.album import Picture
from reports import units
from reports.pages.figures import differences_db

_AMPLIFIED = 4  # errors are small: by how much their map is brightened
Image = tuple[str, str]  # split, name


@dataclass(frozen=True)
class Panel:
    """One picture of a row."""

    heading: str
    uri: str
    caption: str  # PSNR of the crop


@dataclass(frozen=True)
class Row:
    """The pictures of one image, all of the same place."""

    split: str
    image: str
    reason: str  # why this image is shown
    psnr: str  # of the whole image
    panels: tuple[Panel, ...]
    compared: str  # heading of the panel that the slider starts with beside the entry's


def of_entry(run: Run, entry: Entry, reference: Entry | None, folder: Path) -> list[Row]:
    """Return the pictures of an entry; `reference` is the baseline, if it is another entry.

    They show the images that the protocol names, or the first, middle and last of the first split
    where it names none, and those where the entry is worst against the reference. `folder` is the
    run's; what is not there is not shown.
    """
    splits = {
        info.name: info for info in run.splits if info.pictures and info.name in entry.pictures
    }
    reasons: dict[Image, list[str]] = {}
    for image, reason in (*_chosen(run, splits), *_worst(entry, reference, splits)):
        reasons.setdefault(image, []).append(reason)
    rows = (
        _row(
            splits[image[0]], image, ". ".join(why), entry=entry, reference=reference, folder=folder
        )
        for image, why in reasons.items()
    )
    return [row for row in rows if row]


def uri(content: bytes, kind: str) -> str:
    """Return an image as an address that carries it."""
    return f"data:image/{kind};base64,{b64encode(content).decode()}"


def _chosen(run: Run, splits: dict[str, SplitInfo]) -> Iterator[tuple[Image, str]]:
    named = [
        (split.name, image)
        for split in run.protocol.splits
        if split.name in splits
        for image in _named(split)
        if image in splits[split.name].images
    ]
    yield from ((image, "Named by the protocol") for image in named)
    if named or not splits:
        return
    first = next(iter(splits.values()))
    last = len(first.images) - 1
    for index, place in ((0, "First"), (last // 2, "Middle"), (last, "Last")):
        yield (first.name, first.images[index]), f"{place} of its split"


def _named(split: Split) -> list[str]:
    pattern = Path(split.hr or "*.png").name  # in the known layouts, HR files have no suffix
    return [pattern.replace("*", image) for image in split.pictures]


def _worst(
    entry: Entry, reference: Entry | None, splits: dict[str, SplitInfo]
) -> Iterator[tuple[Image, str]]:
    if reference:
        merits, judge = differences_db(entry, reference), f"against {reference.name}"
    else:
        merits = {(one.split, one.image): one.fidelity.psnr_db for one in entry.scores}
        judge = "by PSNR"
    judged = sorted((image for image in merits if image[0] in splits), key=merits.__getitem__)
    for image in judged[:3]:
        yield image, f"One of the three worst {judge}"


def _row(
    split: SplitInfo,
    image: Image,
    reason: str,
    *,
    entry: Entry,
    reference: Entry | None,
    folder: Path,
) -> Row | None:
    index = split.images.index(image[1])
    sides = album.read(
        folder / split.pictures, [f"{side}/{index}" for side in ("lr", "bicubic", "hr")]
    )
    sr, other = (
        album.read(folder / one.pictures[split.name], [str(index)]).get(str(index))
        if one and split.name in one.pictures
        else None
        for one in (entry, reference)
    )
    if len(sides) < 3 or sr is None:
        return None
    lr, bicubic, hr = (sides[f"{side}/{index}"] for side in ("lr", "bicubic", "hr"))
    panels = [_panel("LR", _nearest(lr, hr)), _panel("Bicubic", bicubic), _panel("This entry", sr)]
    compared = "Bicubic"
    if reference and other:
        compared = f"Baseline {reference.name}"
        panels.append(_panel(compared, other))
    panels += [_panel("HR", hr), _panel(f"Error ×{_AMPLIFIED}", _error(sr, hr))]
    return Row(*image, reason, _whole(image, entry, reference), tuple(panels), compared)


def _panel(heading: str, picture: Picture) -> Panel:
    psnr = "" if picture.psnr_db is None else f"{units.db(picture.psnr_db)} dB"
    return Panel(heading, uri(picture.webp, "webp"), psnr)


@lru_cache(64)  # every entry's factsheet shows the same images
def _nearest(lr: Picture, hr: Picture) -> Picture:
    """Enlarge LR to the size of HR by repeating pixels, which printers would smooth."""
    pixels = lr.pixels
    scale = hr.pixels.shape[0] // pixels.shape[0]
    return album.picture(pixels.repeat(scale, axis=0).repeat(scale, axis=1))


def _error(sr: Picture, hr: Picture) -> Picture:
    """Return the mean absolute error over channels of each pixel, brightened; black is none."""
    error = np.abs(sr.pixels.astype(np.int16) - hr.pixels).mean(axis=2) * _AMPLIFIED
    grey = np.minimum(error, 255).astype(np.uint8)
    return album.picture(np.repeat(grey[..., None], 3, axis=2))


def _whole(image: Image, entry: Entry, reference: Entry | None) -> str:
    texts = []
    for one in (entry, reference):
        for score in one.scores if one else ():
            if (score.split, score.image) == image and one:
                texts.append(f"{one.name} {units.db(score.fidelity.psnr_db)} dB")
    return ", ".join(texts)
