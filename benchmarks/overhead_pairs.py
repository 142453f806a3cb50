"""Image pairs for benchmarks of the harness's own time."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import skimage.data

from harness.images.png import write_image
from harness.images.resize import downscale

WIDTH, HEIGHT = 2040, 1356
SOURCES = ("astronaut", "coffee", "chelsea", "motorcycle_left")


def write_pairs(data: Path, count: int) -> None:
    """Write `count` photographs of 2040x1356, no two alike, and their LR images."""
    generator = np.random.default_rng(0)
    folder = Path(skimage.data.__file__).parent
    for index in range(count):
        with PIL.Image.open(folder / f"{SOURCES[index % len(SOURCES)]}.png") as image:
            large = image.convert("RGB").resize((WIDTH, HEIGHT), PIL.Image.Resampling.LANCZOS)
        noise = generator.integers(-2, 3, (HEIGHT, WIDTH, 3))
        hr = np.clip(np.asarray(large) + noise, 0, 255).astype(np.uint8)
        for side, pixels, suffix in (("HR", hr, ""), ("LR", downscale(hr, 4), "x4")):
            file = data / f"DIV2K_LSDIR_valid_{side}" / f"{index:04}{suffix}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            write_image(file, pixels)


def seconds(call: Callable[[], object]) -> float:
    """Return how long `call` takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
