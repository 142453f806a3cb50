"""Data sets: found in the layouts in use, checked, made and fetched.

layouts      how a data set is laid out: known patterns, tried in their order
pairs        the image pairs of one data set at one scale, checked all together
splits       the splits of a protocol in a data folder, and their digests
audit        `data check`: images, faults, and how LR was made
preparation  `data prepare`: LR made from HR; the embedded images
public       `data fetch`: data sets that anyone may have
"""

from harness.images.datasets.pairs import Pair
from harness.images.datasets.preparation import bundled_image, write_bundled
from harness.images.datasets.splits import SplitData, generated_split, open_splits

__all__ = [
    "Pair",
    "SplitData",
    "bundled_image",
    "generated_split",
    "open_splits",
    "write_bundled",
]
