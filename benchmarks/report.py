"""Seconds to render the report of a large run.

    python benchmarks/report.py [--entries N] [--images N]

The run is made up: the published table of 2022, repeated, with so many images per entry.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.store.runs import load_run, save_run
from tests.support.runs import made, render, with_pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=60)
    parser.add_argument("--images", type=int, default=400, help="of all splits together")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        save_run(out, with_pictures(made(options.entries, options.images, sweeps=5), out))
        start = time.perf_counter()
        run = load_run(out)
        loaded = time.perf_counter()
        render(run, out)
        rendered = time.perf_counter()
        size = sum(file.stat().st_size for file in (out / "report").rglob("*.html"))
        kept = sum(file.stat().st_size for file in (out / "store").rglob("*.zip"))
        index = (out / "report" / "index.html").stat().st_size
    print(f"{options.entries} entries, {options.images} images each")
    print(f"read results.json  {loaded - start:6.2f} s")
    print(f"render             {rendered - loaded:6.2f} s")
    print(
        f"pages              {size / 2**20:6.1f} MiB, of which index.html {index / 2**20:.1f} MiB"
    )
    print(f"kept for pictures  {kept / 2**20:6.1f} MiB, of noise, which packs worst")


if __name__ == "__main__":
    main()
