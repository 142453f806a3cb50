"""Make `fingerprints/` from the full goldens: `python -m tests.models.make_fingerprints GOLDENS`.

GOLDENS is the folder with `spec/*.json`, `golden/*.npz` and `facts.json` of the official
implementations.
"""

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.support.architectures import ARCHITECTURES
from tests.support.goldens import COSTS, GOLDENS, LAYOUTS, OUTPUTS

COST_FIELDS = {
    "params": "params",
    "params_trainable": "params_trainable",
    "activations": "activations_256",
    "num_conv": "num_conv",
    "flops_hooks": "ntire_util_flops_256",
    "flops_fvcore": "fvcore_flops_256",
    "flops_fvcore_720p": "fvcore_flops_720p",
    "lr_720p": "lr_720p",
    "unseen_per_lr_pixel": "dynamic_filter_macs_per_lr_pixel_uncounted_by_fvcore",
}


def layouts(source: Path) -> dict[str, list[list[Any]]]:
    """Take key, shape and dtype of every checkpoint entry."""
    return {
        name: [
            entry[:3]
            for entry in json.loads((source / "spec" / f"{name}.json").read_text())["entries"]
        ]
        for name in ARCHITECTURES
    }


def outputs(source: Path) -> dict[str, NDArray[np.float32]]:
    """Take some values of every output, and its largest, which tolerances are shares of."""
    arrays = {}
    for name, golden in GOLDENS.items():
        with np.load(source / "golden" / f"{golden.file}.npz") as file:
            output = file[golden.array]
        arrays[f"{name}.samples"] = output[golden.positions()]
        arrays[f"{name}.peak"] = np.abs(output).max()
    return arrays


def costs(source: Path) -> dict[str, dict[str, Any]]:
    """Take what the official counters gave."""
    facts = json.loads((source / "facts.json").read_text())["models"]
    return {
        name: {ours: facts[name].get(theirs, 0) for ours, theirs in COST_FIELDS.items()}
        for name, architecture in ARCHITECTURES.items()
        if not architecture.layout_only
    }


def main() -> None:
    """Write the three files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("goldens", type=Path)
    source = parser.parse_args().goldens
    LAYOUTS.write_bytes(gzip.compress(json.dumps(layouts(source)).encode(), mtime=0))
    np.savez(OUTPUTS, **outputs(source))
    COSTS.write_text(json.dumps(costs(source), indent=1) + "\n")


if __name__ == "__main__":
    main()
