"""PSNR and SSIM of every image of an upload, by the arithmetic of `images.fidelity`."""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean

from harness.errors import DataError
from harness.images.fidelity import fidelity, psnr
from harness.images.png import Image, read_image
from harness.records import Fidelity, ImageScore, Reference, Scores
from harness.uploads import slips
from harness.uploads.checking import Checked, relative

WORST = 3  # images that are looked at more closely

ReadHr = Callable[[int], Image]


def score(checked: Checked, reference: Reference, read_hr: ReadHr) -> Scores:
    """Score an upload without faults; `read_hr` gives the HR image of an index, as large as SR.

    Raises DataError that lists the images that do not decode.
    """

    def score_one(index: int) -> ImageScore | DataError:
        file = checked.files[index]
        try:
            sr = read_image(file)
        except DataError as error:
            return DataError(relative(error, file.parent))
        close = _fidelity(sr, read_hr(index), reference)
        return ImageScore(reference.split, file.name, close, hashlib.sha256(sr.data).hexdigest())

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        scored = list(pool.map(score_one, range(len(checked.files))))
    if faults := [str(one) for one in scored if isinstance(one, DataError)]:
        raise DataError("\n".join(faults))
    scores = [one for one in scored if isinstance(one, ImageScore)]
    closely = [(read_image(checked.files[i]), read_hr(i)) for i in worst(scores)]
    return Scores(tuple(scores), _means(scores), checked.claims, tuple(slips.hints(closely)))


def worst(scores: Sequence[ImageScore]) -> list[int]:
    """Return the indices of the images of the lowest PSNR in RGB, the lowest first."""
    return sorted(range(len(scores)), key=lambda i: scores[i].fidelity.psnr_db)[:WORST]


def _fidelity(sr: Image, hr: Image, reference: Reference) -> Fidelity:
    if reference.ssim:
        return fidelity(sr, hr, reference.border, reference.rounded_luma)
    psnr_db, psnr_y_db = psnr(sr, hr, reference.border, reference.rounded_luma)
    return Fidelity(psnr_db, None, psnr_y_db, None)


def _means(scores: Sequence[ImageScore]) -> dict[str, float]:
    found = [vars(one.fidelity) for one in scores]
    return {
        name: fmean(one[name] for one in found)
        for name, value in found[0].items()
        if value is not None
    }
