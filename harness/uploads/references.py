"""What uploads of a split must hold, from the split's images. Not part of what Codabench runs."""

from pathlib import Path

from harness.errors import DataError
from harness.images.datasets import Pair, SplitData
from harness.images.png import Image, crop_to_multiple
from harness.records import Protocol, Reference, Wanted


def reference_of(protocol: Protocol, data: SplitData, *, code: bool = False) -> Reference:
    """Describe a split's uploads. Raises DataError where it has no HR images."""
    split = next(split for split in protocol.splits if split.name == data.name)
    if not data.scorable:
        raise DataError(f"split {split.name} has no HR images; it needs {split.wanted}")
    return Reference(
        protocol.title,
        split.name,
        protocol.scale,
        protocol.border,
        tuple(_wanted(pair, protocol.scale, split.lr) for pair in data.pairs),
        colour=protocol.colour,
        rounded_luma=protocol.rounded_luma,
        ssim=protocol.ssim,
        code=code,
        private=split.private,
    )


def read_hr(data: SplitData, index: int, scale: int) -> Image:
    """Return an HR image, cut to the size of its SR image."""
    hr = data.pairs[index].hr
    assert hr is not None
    return crop_to_multiple(hr.read(), scale)


def _wanted(pair: Pair, scale: int, lr_pattern: str) -> Wanted:
    """Name an SR image like the LR file first, then like the HR file, as the editions' teams do."""
    stem = Path(pair.name).stem
    like_lr = Path(lr_pattern or f"*x{scale}.png").name.replace("*", stem)
    names = dict.fromkeys((like_lr, f"{stem}x{scale}.png", f"{stem}.png"))
    return Wanted(tuple(names), pair.lr.height * scale, pair.lr.width * scale)
