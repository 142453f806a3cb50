"""The classic table of all shipped submissions at their scales, beside the published figures.

    python benchmarks/classic_table.py --data DIR [--weights DIR] [--rounds N] [--timed A,B|all]

runs every submission but the demo ones with the protocol `classic` on Set5 and Set14, and writes
docs/measurements/classic-table.md and .tex. Latency and memory are measured of the networks that
are small enough for a clock without a GPU. What is measured already, in --out, is not measured
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
SMALL = "efdn,imdn,lgvan,rfdn,rlfn,span"
TARGET = ROOT / "docs" / "measurements"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder of Set5 and Set14")
    parser.add_argument("--weights", default=None, help="folder of checkpoints")
    parser.add_argument("--rounds", default="5", help="of the timed ones")
    parser.add_argument("--timed", default=SMALL, help="whose latency is measured")
    parser.add_argument("--out", type=Path, default=Path("runs/classic"))
    options = parser.parse_args()
    shipped = sorted(folder.parent for folder in (ROOT / "submissions").glob("*/submission.toml"))
    every = [folder for folder in shipped if not folder.name.startswith("demo_")]
    chosen = options.timed.split(",")
    timed = [folder for folder in every if options.timed == "all" or folder.name in chosen]
    costed = [folder for folder in every if folder not in timed]
    start = time.perf_counter()
    outs = []
    for name, folders, rounds in (("timed", timed, options.rounds), ("costed", costed, "0")):
        if folders:
            outs.append(str(options.out / name))
            given = ["--data", options.data, "--rounds", rounds, "--out", outs[-1]]
            given += ["--weights", options.weights] if options.weights else []
            run = ["run", *map(str, folders), "--protocol", "classic", "--splits", DATASETS]
            if cli.main([*run, *given]) == cli.UNUSABLE:
                return cli.UNUSABLE
    published = ["--published", "baselines", "dlgsanet", "esc", "lgvan"]
    form = ["--datasets", DATASETS, "--format", "latex,md", "--name", "classic-table"]
    status = cli.main(["table", *outs, *published, *form, "--to", str(TARGET)])
    print(f"{(time.perf_counter() - start) / 60:.1f} minutes")
    return status


if __name__ == "__main__":
    sys.exit(main())
