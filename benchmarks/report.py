"""Seconds to render the report of a large run, and milliseconds that a browser takes for its page.

    python benchmarks/report.py [--entries N] [--images N]

The run is made up: the published table of 2022, repeated, with so many images per entry. What the
reader does is timed with its layout, in Debian's chromium where that is installed.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.store.runs import load_run, save_run
from tests.support.browser import CHROMIUM
from tests.support.runs import made, render, with_pictures

READER = """<script>
const times = {};
const timed = (what, act) => {
  const began = performance.now();
  act();
  document.body.getBoundingClientRect();
  times[what] = performance.now() - began;
};
times["until the page stands"] = performance.now();
timed("its layout", () => {});
const headers = document.querySelectorAll("section:not([hidden]) table.board thead button");
timed("sorting by a column", () => headers[4].click());
timed("sorting it the other way", () => headers[4].click());
timed("100 rows more", () => document.getElementById("more").click());
const field = document.getElementById("text");
timed("filtering by a word", () => {
  field.value = "net";
  field.dispatchEvent(new Event("input"));
});
document.write(`<pre id="seen">${JSON.stringify(times)}</pre>`);
</script>"""


def read(index: Path, folder: Path) -> dict[str, float]:
    """Return the milliseconds that a browser takes for what a reader does."""
    page = folder / "read.html"
    page.write_text(index.read_text(encoding="utf-8").replace("</body>", READER + "</body>"))
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'user'}"]
    done = subprocess.run(
        [str(CHROMIUM), *options, "--window-size=1440,900", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = re.search(r'<pre id="seen">({.*?})</pre>', done.stdout)
    times: dict[str, float] = json.loads(found[1]) if found else {}
    return times


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
        times = read(out / "report" / "index.html", out) if CHROMIUM else {}
    print(f"{options.entries} entries, {options.images} images each")
    print(f"read results.json  {loaded - start:6.2f} s")
    print(f"render             {rendered - loaded:6.2f} s")
    print(
        f"pages              {size / 2**20:6.1f} MiB, of which index.html {index / 2**20:.1f} MiB"
    )
    for what, ms in times.items():
        print(f"{what:24} {ms:6.0f} ms")
    print(f"kept for pictures  {kept / 2**20:6.1f} MiB, of noise, which packs worst")


if __name__ == "__main__":
    main()
