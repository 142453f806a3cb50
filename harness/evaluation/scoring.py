"""The restore pass: every SR image scored as it arrives, a crop of it kept, and then deleted.

Those of a split without HR are only known by their digests afterwards, which timed calls are held
to as they are to those of scored ones.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.entries.submission import Submission
from harness.evaluation.bench import Bench, result
from harness.evaluation.clock import Differing, perturbed
from harness.evaluation.inspecting import CountedImages
from harness.evaluation.sameness import apart_from
from harness.images.cache import CachedImage
from harness.images.comparison import Scored, compared, references
from harness.images.datasets import Pair, SplitData
from harness.images.png import write_image
from harness.images.scorers import Scorers
from harness.records import Apart, Digests, Outcome, Restoration, pixels
from harness.records.schema import to_table
from harness.sandbox.exchange import Exchange
from harness.sandbox.process import Drive, Finish, as_told
from harness.store import album
from harness.store.album import Picture
from harness.store.files import write_whole

Image = NDArray[np.uint8]

_RANDOM, _COPIED = random.SystemRandom(), 10  # of so many images, one is restored perturbed too


class Restored(NamedTuple):
    """What the restore pass left of one split."""

    outcome: Outcome
    crops: dict[str, Picture]  # by the number of the image


def restore_pass(
    submission: Submission, splits: Sequence[SplitData], counted: CountedImages, bench: Bench
) -> dict[str, Restored]:
    """Run the restore pass over `splits`; score every SR image as it arrives. Returned by split.

    Images come in an order that is drawn, among them perturbed copies of some: what their SR images
    are, timed calls on the same pixels are held to. SR images of `counted` are compared with those
    that are given here.
    """
    every = [(split.name, place, one) for split in splits for place, one in enumerate(split.pairs)]
    seed, order = _RANDOM.getrandbits(63), _order(splits)
    plain, copies, apart = dict[int, str](), dict[int, str](), list[Apart]()

    def score(index: int, sr: Image) -> Scored:
        split, _, pair = every[index]
        if bench.keep_sr:
            _keep(sr, kept(bench.keep_sr, submission, split, pair))
        return compared(sr, pair, split, bench.protocol)

    with Scorers(score) as scorers:

        def drive(exchange: Exchange) -> Finish:
            for done, (index, copied) in enumerate(order):
                bench.progress.advance(done)
                split, place, pair = every[index]
                lr = perturbed(pair.lr.read(), seed, place) if copied else pair.lr.read()
                sr = exchange.called(lr).sr
                (copies if copied else plain)[index] = pixels.digest(sr)
                if copied:
                    continue
                if pair.hr:
                    scorers.take(index, sr)
                for counter, other in counted.get((split, place), {}).items():
                    again = sr if np.array_equal(sr, other) else exchange.called(lr).sr
                    one = Differing(split, place, perturbed=False, lr=lr, sr=other, expected="")
                    apart.append(replace(apart_from(one, sr, again), counter=counter))
            return lambda told: replace(told, perturbation_seed=seed)

        outcome = bench.run("restore", submission, drive, len(order))
        scored = iter(scorers.results())
    restoration, found = result(Restoration, outcome), dict[str, Restored]()
    for split in splits:
        own = [index for index, (name, _, _) in enumerate(every) if name == split.name]
        if restoration is None:
            found[split.name] = Restored(outcome, {})
            continue
        digests = [Digests(plain[index], copies.get(index, "")) for index in own]
        part = [next(scored) for _ in own] if split.scorable else []
        told = replace(
            restoration,
            apart=tuple(one for one in apart if one.split == split.name),
            unscored=() if split.scorable else tuple(digests),
        )
        scores = tuple(
            replace(one.score, perturbed_digest=known.perturbed)
            for one, known in zip(part, digests, strict=False)
        )
        found[split.name] = Restored(
            replace(outcome, result=to_table(told), scores=scores),
            {str(number): one.crop for number, one in enumerate(part)},
        )
    return found


def _order(splits: Sequence[SplitData]) -> list[tuple[int, bool]]:
    """Draw an order of all images, and of perturbed copies of one in ten of each split."""
    order, count = list[tuple[int, bool]](), 0
    for split in splits:
        own = range(count, count := count + len(split.pairs))
        order += [(index, False) for index in own]
        order += [(index, True) for index in _RANDOM.sample(own, math.ceil(len(own) / _COPIED))]
    _RANDOM.shuffle(order)
    return order


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
            for name, picture in references(pair, scale).items():
                pictures[f"{name}/{index}"] = picture
        album.write(file, pictures)
    return bench.store.name(file)


def kept(folder: Path, submission: Submission, split: str, pair: Pair) -> Path:
    """Return where `--keep-sr` puts an SR image: `<entry>/<split>/<image>.png`."""
    return folder / submission.slug / split / Path(pair.name).with_suffix(".png")


def restoring(
    images: Sequence[CachedImage],
    receive: Callable[[int, NDArray[np.uint8]], None],
    progress: Callable[[int], None],
) -> Drive:
    """Return what has LR images restored in their order, each SR image received as it arrives."""

    def drive(exchange: Exchange) -> Finish:
        for index, image in enumerate(images):
            receive(index, exchange.called(image.read()).sr)
            progress(index + 1)
        return as_told

    return drive


def _keep(sr: NDArray[np.uint8], file: Path) -> None:
    write_whole(file, lambda stream: write_image(stream, sr))
