"""Benchmarking harness for the NTIRE Efficient Super-Resolution challenge.

For a notebook:

    run = harness.load("runs/demo")     # the --out folder of a finished run
    run.entries                         # a row per entry, as leaderboard.csv, best first
    run.images                          # a row per entry and image: PSNR, SSIM, runtime_ms
    run.samples                         # a row per timed forward: entry, split, image, sweep
    run.images.pivot_table("psnr_db", "image", "entry")
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from harness.frames import Frames

__version__ = "0.1.0"


def load(out: "str | Path") -> "Frames":
    """Read the run in the folder `out` as pandas DataFrames. Raises RunError."""
    from harness import frames

    return frames.load(out)
