"""The steps of scoring one image, one by one, on one thread; the official loop's functions beside.

The official `utils/utils_image.py` is loaded as it is. Where OpenCV is not installed, imagecodecs
decodes in its place, by libpng too. No step can take less than reading its bytes once. Time is the
processor's, so that what else runs on the machine matters less.
"""

import importlib.util
import os
import resource
import subprocess
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from overhead_pairs import write_pairs

from harness.images import crops, fidelity
from harness.images.cache import ImageCache
from harness.images.png import read_image
from harness.records import pixels
from harness.worker.pixels import to_input, to_uint8

BORDER = 4
REPEATS = 15
SIDES = ("HR", "LR")


def official_utils(repository: Path) -> types.ModuleType:
    """Load the official `utils_image`; what it imports and never calls here may be missing."""
    parts = {"cv2": ["cv2"], "torchvision": ["torchvision", "torchvision.utils"]}
    for package, names in parts.items():
        if importlib.util.find_spec(package) is None:
            sys.modules |= {name: _stand_in(name) for name in names}
    file = repository / "utils" / "utils_image.py"
    spec = importlib.util.spec_from_file_location("utils_image", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _stand_in(name: str) -> types.ModuleType:
    import imagecodecs

    module: Any = types.ModuleType(name)
    module.make_grid = None
    module.IMREAD_UNCHANGED = module.IMREAD_GRAYSCALE = 0
    module.COLOR_BGR2RGB = module.COLOR_GRAY2RGB = 0
    module.imread = lambda path, _: imagecodecs.png_decode(Path(path).read_bytes())
    module.cvtColor = lambda image, _: image  # decoded to RGB at once
    return module


def median_ms(call: Callable[[], object], clock: Callable[[], float], repeats: int) -> float:
    """Return the median time of `call` by `clock`, in milliseconds."""
    times = []
    for _ in range(repeats + 1):  # the first is not counted
        start = clock()
        call()
        times.append(clock() - start)
    return float(np.median(times[1:])) * 1e3


def step_ms(call: Callable[[], object]) -> float:
    """Return the median time that the processor spends on `call`."""
    return median_ms(call, time.thread_time, REPEATS)


def start_ms(code: str) -> float:
    """Return the median time that the processor spends on a process that runs `code`."""

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    return median_ms(lambda: subprocess.run([sys.executable, "-c", code], check=True), spent, 5)


def steps(folder: Path, utils: types.ModuleType | None) -> None:
    """Print the median milliseconds of each step."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    write_pairs(folder / "data", 1)
    hr_file, lr_file = (
        next((folder / "data" / f"DIV2K_LSDIR_valid_{side}").iterdir()) for side in SIDES
    )
    hr, lr = read_image(hr_file), read_image(lr_file)
    output = torch.nn.functional.interpolate(to_input(lr, 1.0), scale_factor=4, mode="bicubic")
    sr = to_uint8(output, 1.0)
    cached = ImageCache(folder / "cache").store(hr)
    bytes_of_both = sr.ravel().view(np.uint64), hr.ravel().view(np.uint64)
    crops.window(cached, 4)
    kept = next(cached.array.parent.glob(f"{cached.digest}.*.json"))

    def window() -> None:
        kept.unlink()
        crops.window(cached, 4)

    table: list[tuple[str, Callable[[], object], Callable[[], object] | None]] = [
        (
            "decoding HR and LR",
            lambda: (read_image(hr_file), read_image(lr_file)),
            utils and (lambda: [utils.imread_uint(str(one)) for one in (hr_file, lr_file)]),
        ),
        (
            "LR to a tensor",
            lambda: to_input(lr, 1.0),
            utils and (lambda: utils.uint2tensor4(lr, 1.0)),
        ),
        (
            "quantising SR",
            lambda: to_uint8(output, 1.0),
            utils and (lambda: utils.tensor2uint(output.clone(), 1.0)),
        ),
        (
            "PSNR of RGB and Y (official: RGB)",
            lambda: fidelity.psnr(sr, hr, BORDER),
            utils and (lambda: utils.calculate_psnr(sr, hr, border=BORDER)),
        ),
        ("PSNR, luma rounded", lambda: fidelity.psnr(sr, hr, BORDER, True), None),
        ("SSIM of RGB and Y", lambda: fidelity.ssim(sr, hr, BORDER), None),
        ("digest of SR", lambda: pixels.digest(sr), None),
        ("HR from the cache, held to its digest", cached.read, None),
        ("window of the pictures, at first sight", window, None),
        ("limit: reading SR and HR once", lambda: [one.max() for one in bytes_of_both], None),
    ]
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"one image of {hr.shape[1]}x{hr.shape[0]}, one thread, load average {load}")
    print(f"{'median milliseconds of processor time':42}{'harness':>9}{'official':>10}")
    for name, ours, theirs in table:
        official = f"{step_ms(theirs):10.1f}" if theirs else ""
        print(f"{name:42}{step_ms(ours):9.1f}{official}", flush=True)
    worker, alone = "import harness.worker.main", "import torch"
    print(f"{'start of a process with all a pass imports':42}{start_ms(worker):9.0f}")
    print(f"{'  the same with torch alone':42}{start_ms(alone):9.0f}")
    torch.set_num_threads(threads)
    print()
