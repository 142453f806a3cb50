"""Jobs, and what an honest worker answers to them."""

import json
from dataclasses import replace

from harness import protocols
from harness.records import (
    Complexity,
    Count,
    Inspection,
    Job,
    LrImage,
    Manifest,
    ModelTable,
    Probe,
    Profile,
    Restoration,
    Study,
    Visit,
)
from harness.records.profile import Operator
from harness.records.schema import to_table
from tests.support import tiny

EDITION = protocols.load(tiny.PROTOCOL)
BETWEEN = (100.0, 110.0)  # seconds, by the harness
_IMAGES = tuple(LrImage(split, "lr.npy") for split in ("valid", "valid", "test"))


def job(pass_name):
    """Return a job of three images of two splits, two sweeps each, on the CPU."""
    images = _IMAGES[:1] if pass_name == "profile" else _IMAGES
    return Job(
        pass_name,
        Manifest("a", ModelTable("model.py", "Network")),
        "submission",
        "cpu",
        EDITION.switches,
        EDITION.cost_size,
        replace(EDITION.timing, sweeps=2),
        images,
        Study(sizes=((8, 8), (16, 16)), operators=True),
    )


def visit(counts):
    """Return what a visit finds on so many images of each split."""
    samples = {split: ((1.5, 1.25),) * count for split, count in counts.items()}
    return Visit(
        samples,
        dict.fromkeys(counts, 2**20),
        "peak",
        {split: ("0" * 64,) * count for split, count in counts.items()},
        warm_up={"8x8": 2},
        began_s=102.0,
        ended_s=105.0,
        host_ms=samples,
        perturbed_ms=dict.fromkeys(counts, ((0, 1.5),)),
        perturbation_seed=2**62,
    )


_COUNT = Count(12, {"conv2d": 12}, {"aten::roll": 1})
RESULTS = {
    "inspect": Inspection(3, 3, Complexity({"fvcore": _COUNT}, 5, 1)),
    "restore": Restoration(("float32",)),
    "time": visit({"valid": 2, "test": 1}),
    "probe": Probe(("8x8", "16x16"), {"8x8": "too small"}, True, "float32"),
    "profile": Profile(
        visit({"valid": 1, "8x8": 1}), {"16x16": "no"}, (Operator("mm", 2, (0.1, 0.2)),)
    ),
}


def answer(pass_name):
    """Return an honest answer as plain values."""
    return json.loads(
        json.dumps({"result": to_table(RESULTS[pass_name]), "switches_changed": ["threads"]})
    )
