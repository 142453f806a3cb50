"""The restore pass: every SR image scored as it arrives, a crop of it kept, and then deleted."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.entries.submission import Submission
from harness.evaluation.bench import Bench
from harness.evaluation.clock import perturbed
from harness.images.cache import CachedImage
from harness.images.comparison import Scored, compared, references
from harness.images.datasets import Pair, SplitData
from harness.images.png import write_image
from harness.images.scorers import Scorers
from harness.records import Outcome, pixels
from harness.sandbox.exchange import Exchange
from harness.sandbox.process import Drive, Finish, as_told
from harness.store import album
from harness.store.files import write_whole

_RANDOM, _COPIED = random.SystemRandom(), 10  # of so many images, one is restored perturbed too


def score_pass(
    submission: Submission, splits: Sequence[SplitData], bench: Bench
) -> tuple[Outcome, list[Scored]]:
    """Run the restore pass over `splits`; score every SR image as it arrives.

    Images come in an order that is drawn, among them perturbed copies of some: what their SR images
    are, timed calls on the same pixels are held to.
    """
    pairs = [(split.name, pair) for split in splits for pair in split.pairs]
    places = [(place, pair) for split in splits for place, pair in enumerate(split.pairs)]
    seed, perturbed_digests = _RANDOM.getrandbits(63), dict[int, str]()
    order = _order(splits)

    def score(index: int, sr: NDArray[np.uint8]) -> Scored:
        split, pair = pairs[index]
        if bench.keep_sr:
            _keep(sr, kept(bench.keep_sr, submission, split, pair))
        return compared(sr, pair, split, bench.protocol)

    with Scorers(score) as scorers:

        def drive(exchange: Exchange) -> Finish:
            for done, (index, copied) in enumerate(order):
                bench.progress.advance(done)
                place, pair = places[index]
                if copied:
                    lr = perturbed(pair.lr.read(), seed, place)
                    perturbed_digests[index] = pixels.digest(exchange.called(lr).sr)
                else:
                    scorers.take(index, exchange.called(pair.lr.read()).sr)
            return lambda told: replace(told, perturbation_seed=seed)

        outcome = bench.run("restore", submission, drive, len(order))
        scored = scorers.results()
    return outcome, [
        replace(one, score=replace(one.score, perturbed_digest=perturbed_digests.get(index, "")))
        for index, one in enumerate(scored)
    ]


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
