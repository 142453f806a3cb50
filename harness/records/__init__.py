"""The frozen records that cross a boundary: a file, a process, or the line between two rooms.

Units stand in the names: `_ms` milliseconds, `_db` decibels, `_mib` mebibytes; FLOPs are
multiply-accumulates. `None` always means "not measured". schema.py reads and writes them.
"""

from harness.records.passes import (
    Complexity,
    Count,
    Failure,
    Fidelity,
    ImageScore,
    Inspection,
    Job,
    LrImage,
    ModuleCost,
    Outcome,
    PassName,
    Probe,
    Restoration,
    Visit,
)
from harness.records.protocol import (
    Baseline,
    Counter,
    Protocol,
    Split,
    Switches,
    Threshold,
    TimingPolicy,
    Track,
)
from harness.records.ranking import METRICS, Figures, Place, Ranking, Standing
from harness.records.run import Entry, Run, SplitInfo
from harness.records.submission import (
    ComplexityTable,
    Factsheet,
    Manifest,
    ModelTable,
    OfficialTable,
    WeightsTable,
)
from harness.records.timing import Position, Round, RoundVisit, Timing

__all__ = [
    "METRICS",
    "Baseline",
    "Complexity",
    "ComplexityTable",
    "Count",
    "Counter",
    "Entry",
    "Factsheet",
    "Failure",
    "Fidelity",
    "Figures",
    "ImageScore",
    "Inspection",
    "Job",
    "LrImage",
    "Manifest",
    "ModelTable",
    "ModuleCost",
    "OfficialTable",
    "Outcome",
    "PassName",
    "Place",
    "Position",
    "Probe",
    "Protocol",
    "Ranking",
    "Restoration",
    "Round",
    "RoundVisit",
    "Run",
    "Split",
    "SplitInfo",
    "Standing",
    "Switches",
    "Threshold",
    "Timing",
    "TimingPolicy",
    "Track",
    "Visit",
    "WeightsTable",
]
