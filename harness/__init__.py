"""Benchmarking harness for the NTIRE Efficient Super-Resolution challenge.

For a notebook:

    run = harness.load("runs/demo")     # the --out folder of a finished run
    run.entries                         # a row per entry, as leaderboard.csv, best first
    run.images                          # a row per entry and image: PSNR, SSIM, runtime_ms
    run.samples                         # a row per timed forward: entry, split, image, sweep
    run.images.pivot_table("psnr_db", "image", "entry")

The packages, from the command line down (docs/architecture.md says who may import whom):

cli/         what is typed, and what is printed while it runs
evaluation/  who is measured when
codabench/   the phases of a challenge on Codabench
machines/    what the hardware says of itself
sandbox/     starts a worker, shows it little, believes it nothing
images/      pixels and what they are compared with: all that sees HR
uploads/     SR images without their code: checked, scored; what Codabench runs
entries/     what teams hand in
ranking/     figures in, places out
statistics/  raw samples in, figures out
store/       what is kept, whole or not at all
protocols/   editions as data
worker/      everything that runs in the child beside an entry, and nothing else
records/     the frozen records, and tables to records
errors       the error tree
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from harness.ranking.frames import Frames

__version__ = "0.2.0"


def load(out: "str | Path") -> "Frames":
    """Read the run in the folder `out` as pandas DataFrames. Raises RunError."""
    from harness.ranking import frames

    return frames.load(out)
