"""Jobs, and what an honest worker answers to them."""

import json

from harness import protocols
from harness.records import (
    Complexity,
    Count,
    Inspection,
    Job,
    Manifest,
    ModelTable,
    Probe,
    Restoration,
    Studied,
    Study,
)
from harness.records.profile import Operator
from harness.records.schema import to_table
from tests.support import tiny

EDITION = protocols.load(tiny.PROTOCOL)


def job(pass_name):
    """Return a job on the CPU."""
    return Job(
        pass_name,
        Manifest("a", ModelTable("model.py", "Network")),
        "submission",
        "cpu",
        EDITION.switches,
        EDITION.cost_size,
        Study(repeats=2),
    )


_RESTORED = Restoration(("float32",), {"threads-left": "one"}, (1,))
_COUNT = Count(12, {"conv2d": 12}, {"aten::roll": 1})
RESULTS = {
    "inspect": Inspection(3, 3, Complexity({"fvcore": _COUNT}, 5, 1)),
    "restore": _RESTORED,
    "time": _RESTORED,
    "probe": Probe(("8x8", "16x16"), {"8x8": "too small"}, True, "float32"),
    "profile": Studied(_RESTORED, (Operator("mm", 2, (0.1, 0.2)),)),
}


def answer(pass_name):
    """Return an honest answer as plain values."""
    return json.loads(
        json.dumps({"result": to_table(RESULTS[pass_name]), "switches_changed": ["threads"]})
    )
