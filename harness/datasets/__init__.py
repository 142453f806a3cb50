"""Data sets: found in the layouts in use, checked, made and fetched."""

from harness.datasets.pairs import Pair
from harness.datasets.preparation import bundled_image, write_bundled
from harness.datasets.splits import SplitData, generated_split, open_splits

__all__ = [
    "Pair",
    "SplitData",
    "bundled_image",
    "generated_split",
    "open_splits",
    "write_bundled",
]
