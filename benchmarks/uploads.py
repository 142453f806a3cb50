"""Time and memory of Codabench's scoring program on a phase of the challenge's size.

    python benchmarks/uploads.py --photographs DIR [--images 100] [--kind good|huge|many]

makes HR images of 2040x1356 from the PNG files in DIR, takes their bicubic restorations as the
upload, and runs the scoring program in a process of its own. `huge` uploads PNGs that state
60000x60000 pixels, `many` 10,000 files: both must be refused.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from harness.codabench.shipped import write_scoring_program  # noqa: E402
from harness.images.png import read_image, write_image  # noqa: E402
from harness.images.resize import make_lr, upscale  # noqa: E402
from harness.records import Reference, Wanted  # noqa: E402
from harness.records.schema import to_table  # noqa: E402

HEIGHT, WIDTH, SCALE = 1356, 2040, 4


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, required=True)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--kind", choices=("good", "huge", "many"), default="good")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_scoring_program(root / "program")
        lay_out(options, root / "input")
        command = [sys.executable, root / "program/score.py", root / "input", root / "output"]
        began = time.perf_counter()
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=root)
        seconds = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        mebibytes = used.ru_maxrss / 1024
        print(
            f"{options.kind}: {options.images} images of {WIDTH}x{HEIGHT}, exit {done.returncode}"
        )
        print(f"{seconds:.1f} s, of CPU time {used.ru_utime + used.ru_stime:.1f} s")
        print(f"{mebibytes:.0f} MiB at most")
        print((done.stdout + done.stderr)[:300])
    return 0


def lay_out(options: argparse.Namespace, given: Path) -> None:
    """Write input/ref and input/res; a few different images serve many times."""
    hr_folder, res = given / "ref" / "hr", given / "res"
    hr_folder.mkdir(parents=True)
    res.mkdir()
    files = sorted(options.photographs.glob("*.png"))
    pairs = [photograph(file) for file in files[:8]]
    images = []
    for number in range(options.images):
        name = f"{number:04}x4.png"
        hr, sr = pairs[number % len(pairs)]
        (hr_folder / name).write_bytes(hr)
        (res / name).write_bytes(huge(sr) if options.kind == "huge" else sr)
        images.append(Wanted((name,), HEIGHT, WIDTH))
    for number in range(10_000 if options.kind == "many" else 0):
        (res / f"{number}.png").touch()
    reference = Reference("a benchmark", "valid", SCALE, SCALE, tuple(images))
    (given / "ref" / "reference.json").write_text(json.dumps(to_table(reference)))


def photograph(file: Path) -> tuple[bytes, bytes]:
    """Return an HR image of the challenge's size, mirrored on until it fills that, and its SR."""
    image = read_image(file)
    pad = ((0, max(0, HEIGHT - image.shape[0])), (0, max(0, WIDTH - image.shape[1])), (0, 0))
    hr = np.ascontiguousarray(np.pad(image, pad, mode="symmetric")[:HEIGHT, :WIDTH])
    return encoded(hr), encoded(upscale(make_lr(hr, SCALE), SCALE))


def encoded(image: np.ndarray) -> bytes:
    """Return a PNG."""
    with tempfile.TemporaryFile() as file:
        write_image(file, image)
        file.seek(0)
        return file.read()


def huge(png: bytes) -> bytes:
    """Return a PNG whose header states 60000x60000 pixels."""
    return png[:16] + (60_000).to_bytes(4, "big") * 2 + png[24:]


if __name__ == "__main__":
    sys.exit(main())
