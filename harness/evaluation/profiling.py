"""What if: a team's entry at several sizes, operator by operator, and run in other ways."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from harness.entries.submission import Submission
from harness.errors import ForwardError, InputError
from harness.evaluation.bench import Bench, result
from harness.evaluation.clock import Sample
from harness.evaluation.timing import samples, visited, with_told
from harness.images import datasets
from harness.images.cache import ImageCache
from harness.images.datasets import Pair, SplitData
from harness.images.datasets.splits import LR_SIZE
from harness.images.fidelity import psnr
from harness.images.png import crop_to_multiple
from harness.machines import environment
from harness.records import Profile, Profiling, Study, Variant, VariantName
from harness.sandbox.exchange import Exchange
from harness.sandbox.process import Finish
from harness.worker import devices
from harness.worker.variants import VARIANTS

Image = NDArray[np.uint8]
Sizes = Sequence[tuple[int, int]]  # height, width of LR images

_PHOTOGRAPH = "coffee"  # of scikit-image's wheel: what is restored where there is no data
_SIDES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)  # of the sizes on the curve, of the challenge's
_SUBMITTED: VariantName = "as submitted"


def profile(submission: Submission, bench: Bench, most_images: int, command: str) -> Profiling:
    """Run the entry as submitted and in every other way, each in a fresh process.

    The images are the first `most_images` of the first split that `bench` has, or a photograph of
    the challenge's size where it has none. A way that fails is a row with its reason. Raises
    InputError where the entry fails as it was submitted.
    """
    scale, own = bench.protocol.scale, submission.manifest.model.scale
    if own != scale:
        raise InputError(
            f"its scale is {own}, that of protocol {bench.protocol.name} is {scale}; "
            "name another protocol with --protocol"
        )
    split = next((split for split in bench.splits if split.pairs), None) or _photograph()
    split = replace(split, pairs=split.pairs[:most_images])
    sizes = _sizes(split, generated=not bench.splits)
    session = _Session(submission, split, bench)
    first, whole = session.visit(_SUBMITTED, sizes, operators=True)
    if whole is None:
        reason = first.failure.reason if first.failure else "it left no result"
        raise InputError(f"{submission.manifest.shown_name} cannot be profiled: {reason}")
    others = [session.visit(name)[0] for name in (*VARIANTS[1:], _SUBMITTED)]
    device = devices.select(bench.device)
    return Profiling(
        name=submission.manifest.shown_name,
        title=bench.protocol.title,
        device=bench.device,
        clock=device.clock,
        identity=environment.identity(bench.device, bench.protocol.switches),
        observed=environment.observe(bench.device),
        command=command,
        split=split.name,
        images=tuple(pair.name for pair in split.pairs),
        variants=(first, *others),
        sizes=sizes,
        refused=whole.refused,
        operators=whole.operators,
    )


class _Session:
    """The visits to one entry; the SR images of the first are what the others are compared to."""

    def __init__(self, submission: Submission, split: SplitData, bench: Bench) -> None:
        self._submission, self._split, self._bench = submission, split, bench
        self._submitted: list[Image] = []

    def visit(
        self, name: VariantName, sizes: Sizes = (), operators: bool = False
    ) -> tuple[Variant, Profile | None]:
        """Run one variant; return what it gives, and the pass's result where it has one.

        Generated images of `sizes` are timed as well, each under its size.
        """
        pairs, restored = self._split.pairs, list[Image]()
        policy = self._bench.protocol.timing

        def drive(exchange: Exchange) -> Finish:
            images, refused = samples([self._split]), dict[str, str]()
            restored.extend(exchange.called(image.load()).sr for image in images)
            for height, width in sizes:
                lr = _smooth(height, width)
                try:
                    exchange.called(lr)
                    images.append(Sample(f"{height}x{width}", (height, width), lr.copy))
                except ForwardError as error:
                    refused[f"{height}x{width}"] = str(error)
            visit = visited(exchange, images, policy, self._bench)
            return lambda told: Profile(with_told(visit, told.restoration), refused, told.operators)

        study = Study(name, policy.sweeps if operators else 0)
        calls = (len(pairs) + len(sizes)) * policy.sweeps
        outcome = self._bench.run("profile", self._submission, drive, calls, study=study)
        found = result(Profile, outcome)
        if found is None or len(restored) < len(pairs):
            return Variant(name, failure=outcome.failure), None
        self._submitted = self._submitted or restored
        border = self._bench.protocol.border
        near = (psnr(a, b, border)[0] for a, b in zip(restored, self._submitted, strict=True))
        return Variant(name, found.visit, tuple(near), tuple(self._psnr_hr(restored))), found

    def _psnr_hr(self, restored: Sequence[Image]) -> Iterator[float]:
        """Yield PSNR in dB against HR, of a split that has HR."""
        protocol = self._bench.protocol
        for sr, pair in zip(restored, self._split.pairs, strict=True):
            if pair.hr:
                hr = crop_to_multiple(pair.hr.read(), protocol.scale)
                yield psnr(sr, hr, protocol.border)[0]


def _photograph() -> SplitData:
    """Cut a photograph to the size of the challenge's LR images."""
    height, width = LR_SIZE
    pixels = datasets.bundled_image(_PHOTOGRAPH)[:height, :width]
    image = ImageCache().store(np.ascontiguousarray(pixels))
    return SplitData(_PHOTOGRAPH, (Pair(_PHOTOGRAPH, image, None),))


def _smooth(height: int, width: int) -> Image:
    """Make an LR image, uint8 [height, width, 3], more like a photograph than noise."""
    down, right = np.arange(height)[:, None, None] / 23, np.arange(width)[:, None] / 17
    waves = (2 + np.sin(down + np.arange(3)) + np.cos(right - np.arange(3))) / 4
    return np.rint(255 * waves).astype(np.uint8)


def _sizes(split: SplitData, generated: bool) -> tuple[tuple[int, int], ...]:
    """Return sizes around the challenge's: those of LR_SIZE, or of the split's median image."""
    middle = LR_SIZE
    if not generated:
        found = sorted(((p.lr.height, p.lr.width) for p in split.pairs), key=lambda s: s[0] * s[1])
        middle = found[len(found) // 2]
    height, width = middle
    return tuple((round(height * side), round(width * side)) for side in _SIDES)
