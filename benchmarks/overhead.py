"""The harness's own time per image, with a network that costs next to nothing.

    python benchmarks/overhead.py [--images N] [--official REPO]

First come the steps of one image, on one thread, beside the functions of the official loop where
`REPO` is a checkout of an edition's repository; then whole passes.

Scoring is everything but the forward: decoding and checking the pair, handing LR to the worker,
clamping and rounding, handing SR back, PSNR and SSIM in RGB and on luma. Figures per image are
slopes between two numbers of images, medians of five passes each, so that the start of processes
drops out.
"""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import memory
import numpy as np
import PIL.Image
import torch
from overhead_pairs import HEIGHT, WIDTH, seconds, write_pairs
from overhead_steps import official_utils, steps

from harness import protocols
from harness.entries.discovery import discover
from harness.evaluation import evaluate
from harness.evaluation.bench import Bench, result
from harness.evaluation.timing import time_pass
from harness.images.cache import ImageCache
from harness.images.datasets import open_splits
from harness.machines import environment
from harness.records import Visit
from harness.store.passes import Store
from harness.worker.pixels import to_input

NEAREST = Path(__file__).parent / "nearest"
AGAIN = 5  # passes of each length, whose starts vary by more than images take


class Quiet:
    """A progress that says nothing."""

    def at(self, number: int, of: int, left_s: float | None = None) -> None: ...

    def say(self, line: str) -> None: ...

    def begin(self, entry: str, stage: str, images: int) -> None: ...

    def advance(self, done: int) -> None: ...


def forward_ms(data: Path) -> float:
    """Return the median time of the network's own forward on one LR image."""
    with PIL.Image.open(next((data / "DIV2K_LSDIR_valid_LR").iterdir())) as image:
        lr = to_input(np.array(image), 1.0)
    calls = [
        seconds(lambda: torch.nn.functional.interpolate(lr, scale_factor=4)) for _ in range(20)
    ]
    return float(np.median(calls)) * 1e3


def peak_mib(data: Path, out: Path) -> float:
    """Return the peak memory of the process of a whole run, in MiB."""
    asked = ["run", str(NEAREST), "--data", str(data), "--out", str(out), "--device", "cpu"]
    asked += ["--protocol", "ntire2026", "--rounds", "1", "--sweeps", "1"]
    return memory.of_command(asked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--official", type=Path, metavar="REPO")
    options = parser.parse_args()
    count = options.images
    (nearest,) = discover([NEAREST])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        steps(folder / "steps", official_utils(options.official) if options.official else None)
        write_pairs(folder / "data", count)
        forward = forward_ms(folder / "data")
        edition = protocols.load("ntire2026")
        edition = replace(edition, timing=replace(edition.timing, sweeps=5))
        cache = ImageCache(folder / "cache")

        def opened() -> float:
            return seconds(lambda: open_splits(edition, folder / "data", cache=cache))

        first_sight, cached = opened(), opened()
        splits = open_splits(edition, folder / "data", cache=cache)

        def measured(images: int, ssim: bool, again: int) -> tuple[float, float, float]:
            part = tuple(replace(split, pairs=split.pairs[:images]) for split in splits)
            machine = environment.machine("cpu", edition.switches)
            store = Store(folder / f"out-{images}-{ssim}-{again}")
            protocol = replace(edition, ssim=ssim)
            bench = Bench(protocol, part, "cpu", store, Quiet(), machine=machine)
            evaluate.evaluate(nearest, replace(bench, splits=()))
            scoring = seconds(lambda: evaluate.evaluate(nearest, bench))
            start = time.perf_counter()
            visit = result(Visit, time_pass(nearest, bench))
            timing = time.perf_counter() - start
            samples = visit.samples_ms["valid"] if visit else ()
            return scoring, timing, sum(sum(image) for image in samples) / 1e3

        def per_image(ssim: bool) -> tuple[float, float, float]:
            few = count // 4
            many, some = (
                np.median([measured(images, ssim, again) for again in range(AGAIN)], axis=0)
                for images in (count, few)
            )
            scoring, timing, calls = (many - some) * 1e3 / (count - few)
            return scoring - forward, timing, calls

        psnr_only, timing, calls = per_image(ssim=False)
        with_ssim, _, _ = per_image(ssim=True)
        decoding = first_sight * 1e3 / count
        print(f"{count} images of {WIDTH}x{HEIGHT}, milliseconds per image, {os.cpu_count()} cores")
        print(f"forward of the network itself                   {forward:7.1f}")
        print(f"scoring PSNR, first sight of the data           {decoding + psnr_only:7.1f}")
        print(f"scoring PSNR, data in the cache                 {psnr_only:7.1f}")
        print(f"scoring PSNR and SSIM, first sight of the data  {decoding + with_ssim:7.1f}")
        print(f"scoring PSNR and SSIM, data in the cache        {with_ssim:7.1f}")
        print(f"  decoding and checking, at first sight         {decoding:7.1f}")
        print(f"  looking up the cache                          {cached * 1e3 / count:7.1f}")
        print(f"timing, beside the timed calls, per sweep       {(timing - calls) / 5:7.1f}")
        peak = peak_mib(folder / "data", folder / "out")
        print(f"peak memory of the harness's process in a run    {peak:7.0f} MiB")


if __name__ == "__main__":
    main()
