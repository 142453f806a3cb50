"""The restore pass: every SR image scored as it arrives, a crop of it kept, and then deleted."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness import album
from harness.album import Picture
from harness.bench import Bench
from harness.crops import window
from harness.datasets import Pair, SplitData
from harness.fidelity import fidelity, psnr
from harness.files import write_whole
from harness.images import crop_to_multiple, write_image
from harness.records import Failure, Fidelity, ImageScore, Outcome
from harness.resize import upscale
from harness.scorers import Scorers
from harness.staging import SourceImage
from harness.submission import Submission

_MARGIN = 4  # LR pixels around a crop, more than a bicubic kernel reaches


@dataclass(frozen=True)
class Scored:
    """What is kept of one SR image."""

    score: ImageScore
    crop: Picture


def score_pass(
    submission: Submission, splits: Sequence[SplitData], bench: Bench
) -> tuple[Outcome, list[Scored]]:
    """Run the restore pass over `splits`; score every SR image as it arrives, in their order."""
    scale, border = bench.protocol.scale, bench.protocol.border
    rounded = bench.protocol.rounded_luma
    pairs = [(split.name, pair) for split in splits for pair in split.pairs]
    sizes = [(pair.lr.height * scale, pair.lr.width * scale) for _, pair in pairs]

    def score(index: int, sr: NDArray[np.uint8]) -> Scored:
        split, pair = pairs[index]
        assert pair.hr is not None
        hr = crop_to_multiple(pair.hr.read(), scale)
        close = (fidelity if bench.protocol.ssim else _without_ssim)(sr, hr, border, rounded)
        if bench.keep_sr:
            _keep(sr, kept(bench.keep_sr, submission, split, pair))
        shown = window(pair.hr, scale)
        return Scored(
            ImageScore(split, pair.name, close, hashlib.sha256(sr.data).hexdigest()),
            _compared(shown.cut(sr), shown.cut(hr)),
        )

    with Scorers(score) as scorers:
        outcome = bench.run(
            "restore",
            submission,
            sources(splits),
            len(pairs),
            sizes=sizes,
            receive=scorers.take,
        )
        scored = scorers.results()
    if outcome.failure is None and len(scored) != len(pairs):
        reason = f"the restore pass handed over {len(scored)} of {len(pairs)} SR images"
        return replace(outcome, failure=Failure("restore", reason)), scored
    return outcome, scored


def album_of_split(split: SplitData, bench: Bench) -> str:
    """Keep what pictures show beside SR: the same crop of each HR, LR and bicubic image.

    Returns the album's name; members are `hr/0`, `lr/0`, `bicubic/0` and so on, in the order of
    the images. A split without HR has none.
    """
    if not split.scorable:
        return ""
    scale = bench.protocol.scale
    depends = {"lr": split.lr_digest, "hr": split.hr_digest, "scale": scale}
    file = bench.store.album("pictures", bench.store.key("pictures", depends))
    if not file.is_file():
        pictures = {}
        for index, pair in enumerate(split.pairs):
            for name, picture in _references(pair, scale).items():
                pictures[f"{name}/{index}"] = picture
        album.write(file, pictures)
    return bench.store.name(file)


def kept(folder: Path, submission: Submission, split: str, pair: Pair) -> Path:
    """Return where `--keep-sr` puts an SR image: `<entry>/<split>/<image>.png`."""
    return folder / submission.slug / split / Path(pair.name).with_suffix(".png")


def sources(splits: Sequence[SplitData]) -> list[SourceImage]:
    """Return the LR images of `splits` for a worker."""
    return [SourceImage(split.name, pair.lr.array) for split in splits for pair in split.pairs]


def _references(pair: Pair, scale: int) -> dict[str, Picture]:
    assert pair.hr is not None
    shown = window(pair.hr, scale)
    small = shown.shrunk(scale)
    hr, lr = shown.cut(pair.hr.read()), pair.lr.read()
    top, left = max(0, small.top - _MARGIN), max(0, small.left - _MARGIN)
    around = lr[top : small.top + small.height + _MARGIN, left : small.left + small.width + _MARGIN]
    inside = replace(shown, top=shown.top - top * scale, left=shown.left - left * scale)
    return {
        "hr": album.picture(hr),
        "lr": album.picture(small.cut(lr)),
        "bicubic": _compared(inside.cut(upscale(around, scale)), hr),
    }


def _compared(crop: NDArray[np.uint8], hr: NDArray[np.uint8]) -> Picture:
    """Keep a crop with its own PSNR, which is not the image's."""
    return album.picture(crop, psnr(crop, hr, border=0)[0])


def _keep(sr: NDArray[np.uint8], file: Path) -> None:
    write_whole(file, lambda stream: write_image(stream, sr))


def _without_ssim(
    sr: NDArray[np.uint8], hr: NDArray[np.uint8], border: int, rounded_luma: bool
) -> Fidelity:
    psnr_db, psnr_y_db = psnr(sr, hr, border, rounded_luma)
    return Fidelity(psnr_db, None, psnr_y_db, None)
