"""The classic table of all shipped submissions at their scales, beside the published figures.

    python benchmarks/classic_table.py --data DIR [--weights DIR] [--rounds N] [--out DIR]

runs every submission but the demo ones with the protocol `classic` on Set5 and Set14, and writes
docs/measurements/classic-table.md and .tex. What is measured already, in --out, is not measured
again.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from harness import cli  # noqa: E402

DATASETS = "Set5,Set14"
TARGET = ROOT / "docs" / "measurements"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder of Set5 and Set14")
    parser.add_argument("--weights", default=None, help="folder of checkpoints")
    parser.add_argument("--rounds", default="0", help="of timing; 0 measures no latency")
    parser.add_argument("--out", default="runs/classic")
    options = parser.parse_args()
    submissions = [
        str(folder)
        for folder in sorted((ROOT / "submissions").iterdir())
        if folder.is_dir() and not folder.name.startswith("demo_")
    ]
    weights = ["--weights", options.weights] if options.weights else []
    run = f"--protocol classic --splits {DATASETS} --rounds {options.rounds} --out {options.out}"
    published = "--published baselines dlgsanet esc lgvan"
    form = f"--datasets {DATASETS} --scales 2,3,4 --format latex,md --name classic-table"
    start = time.perf_counter()
    status = cli.main(["run", *submissions, *run.split(), "--data", options.data, *weights])
    if status == cli.UNUSABLE:
        return status
    cli.main(["table", options.out, *published.split(), *form.split(), "--to", str(TARGET)])
    print(f"{(time.perf_counter() - start) / 60:.1f} minutes")
    return status


if __name__ == "__main__":
    sys.exit(main())
