"""Crops of a few images: LR, bicubic, the entry, the baseline, HR and the error, side by side."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True)
class _Beside:
    """What every entry's picture of an image is shown beside."""

    lr: Panel
    bicubic: Panel
    baseline: Panel | None
    hr: Panel
    pixels: NDArray[np.int16]  # of HR


class Pictures:
    """The pictures of a run: what all entries are shown beside is read and encoded once."""

    def __init__(self, run: Run, reference: Entry | None, folder: Path) -> None:
        """Read the pictures of the splits and of `reference`, the baseline; `folder` is the run's.

        What is not there is not shown.
        """
        self._run, self._reference, self._folder = run, reference, folder
        self._splits = {info.name: info for info in run.splits if info.pictures}
        self._sides = {name: album.read(folder / i.pictures) for name, i in self._splits.items()}
        self._others = {
            name: album.read(folder / reference.pictures[name])
            for name in self._splits
            if reference and name in reference.pictures
        }
        self._beside: dict[Image, _Beside | None] = {}

    def of_entry(self, entry: Entry) -> list[Row]:
        """Return the pictures of an entry.

        They show the images that the protocol names, or the first, middle and last of the first
        split where it names none, and those where the entry is worst against the reference.
        """
        reference = self._reference if entry is not self._reference else None
        splits = {name: i for name, i in self._splits.items() if name in entry.pictures}
        reasons: dict[Image, list[str]] = {}
        for image, reason in (*_chosen(self._run, splits), *_worst(entry, reference, splits)):
            reasons.setdefault(image, []).append(reason)
        indices = {image: str(splits[image[0]].images.index(image[1])) for image in reasons}
        restored = {
            name: album.read(
                self._folder / entry.pictures[name],
                [index for image, index in indices.items() if image[0] == name],
            )
            for name in splits
        }
        rows = []
        for image, why in reasons.items():
            sr = restored[image[0]].get(indices[image])
            if image not in self._beside:
                self._beside[image] = self._shown_beside(image, indices[image])
            beside = self._beside[image]
            if sr and beside:
                panels, compared = _panels(sr, beside, reference)
                psnr = _whole(image, entry, reference)
                rows.append(Row(*image, ". ".join(why), psnr, panels, compared))
        return rows

    def _shown_beside(self, image: Image, index: str) -> _Beside | None:
        sides = self._sides[image[0]]
        if any(f"{side}/{index}" not in sides for side in ("lr", "bicubic", "hr")):
            return None
        lr, bicubic, hr = (sides[f"{side}/{index}"] for side in ("lr", "bicubic", "hr"))
        other = self._others.get(image[0], {}).get(index)
        return _Beside(
            _panel("LR", _nearest(lr, hr)),
            _panel("Bicubic", bicubic),
            _panel(f"Baseline {self._reference.name}", other)
            if self._reference and other
            else None,
            _panel("HR", hr),
            hr.pixels.astype(np.int16),
        )


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


def _panels(sr: Picture, beside: _Beside, reference: Entry | None) -> tuple[tuple[Panel, ...], str]:
    """Return the panels of a row, and the heading of the one that SR is compared with first."""
    baseline = beside.baseline if reference else None
    shown = [beside.lr, beside.bicubic, _panel("This entry", sr), baseline, beside.hr]
    shown.append(_panel(f"Error ×{_AMPLIFIED}", _error(sr, beside.pixels)))
    panels = tuple(panel for panel in shown if panel)
    return panels, (baseline or beside.bicubic).heading


def _panel(heading: str, picture: Picture) -> Panel:
    psnr = "" if picture.psnr_db is None else f"{units.db(picture.psnr_db)} dB"
    return Panel(heading, uri(picture.webp, "webp"), psnr)


def _nearest(lr: Picture, hr: Picture) -> Picture:
    """Enlarge LR to the size of HR by repeating pixels, which printers would smooth."""
    pixels = lr.pixels
    scale = hr.pixels.shape[0] // pixels.shape[0]
    return album.picture(pixels.repeat(scale, axis=0).repeat(scale, axis=1))


def _error(sr: Picture, hr: NDArray[np.int16]) -> Picture:
    """Return the mean absolute error over channels of each pixel, brightened; black is none."""
    error = np.abs(sr.pixels - hr).sum(axis=2) * _AMPLIFIED // 3
    grey = np.minimum(error, 255).astype(np.uint8)
    return album.picture(np.repeat(grey[..., None], 3, axis=2))


def _whole(image: Image, entry: Entry, reference: Entry | None) -> str:
    texts = []
    for one in (entry, reference):
        for score in one.scores if one else ():
            if (score.split, score.image) == image and one:
                texts.append(f"{one.name} {units.db(score.fidelity.psnr_db)} dB")
    return ", ".join(texts)
