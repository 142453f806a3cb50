"""The frozen records that cross a boundary: a file, a process, or the line between two rooms.

Units stand in the names: `_ms` milliseconds, `_db` decibels, `_mib` mebibytes; FLOPs are
multiply-accumulates. `None` always means "not measured".

schema      tables (TOML, JSON) to records, with faults that name their place; and back
protocol    one edition of the challenge, as data
submission  a submission's manifest
passes      a worker's job, and what its passes leave
inspection  what an `inspect` pass finds: what a network costs, holds and does
device      where work was done, and what the driver said of its GPU meanwhile
timing      the visits of a timing, and the rounds they were made in
pixels      what an image is known by, on both sides of the wall
profile     what `profile` finds out
upload      SR images uploaded without code: what is wanted, claimed and scored
run         a whole run, and one entry of it
ranking     what ranking reads, and what it says
text        a stranger's text, without what would move a cursor or be a formula
"""

from harness.records.device import Ceiling, DeviceState, Machine, Site, Spread
from harness.records.inspection import (
    Complexity,
    Count,
    Counted,
    Inspection,
    Layer,
    ModuleCost,
    Unused,
    Weights,
    Work,
)
from harness.records.passes import (
    Apart,
    Build,
    Burst,
    Digests,
    Failure,
    Fidelity,
    ImageScore,
    Job,
    Outcome,
    PassName,
    Probe,
    Restoration,
    Study,
    VariantName,
    Visit,
)
from harness.records.profile import Operator, Profile, Profiling, Studied, Variant
from harness.records.protocol import (
    Baseline,
    CostImage,
    Counter,
    Protocol,
    Split,
    Switches,
    Threshold,
    TimingPolicy,
    Track,
)
from harness.records.ranking import METRICS, Certainty, Figures, Place, Ranking, Standing
from harness.records.run import Entry, Run, SplitInfo
from harness.records.submission import (
    BuildTable,
    ComplexityTable,
    Factsheet,
    FilesTable,
    Manifest,
    ModelTable,
    OfficialTable,
    WeightsTable,
)
from harness.records.timing import Position, Round, RoundVisit, Timing
from harness.records.upload import Claims, Measured, Reference, Scores, Wanted

__all__ = [
    "METRICS",
    "Apart",
    "Baseline",
    "Build",
    "BuildTable",
    "Burst",
    "Ceiling",
    "Certainty",
    "Claims",
    "Complexity",
    "ComplexityTable",
    "CostImage",
    "Count",
    "Counted",
    "Counter",
    "DeviceState",
    "Digests",
    "Entry",
    "Factsheet",
    "Failure",
    "Fidelity",
    "Figures",
    "FilesTable",
    "ImageScore",
    "Inspection",
    "Job",
    "Layer",
    "Machine",
    "Manifest",
    "Measured",
    "ModelTable",
    "ModuleCost",
    "OfficialTable",
    "Operator",
    "Outcome",
    "PassName",
    "Place",
    "Position",
    "Probe",
    "Profile",
    "Profiling",
    "Protocol",
    "Ranking",
    "Reference",
    "Restoration",
    "Round",
    "RoundVisit",
    "Run",
    "Scores",
    "Site",
    "Split",
    "SplitInfo",
    "Spread",
    "Standing",
    "Studied",
    "Study",
    "Switches",
    "Threshold",
    "Timing",
    "TimingPolicy",
    "Track",
    "Unused",
    "Variant",
    "VariantName",
    "Visit",
    "Wanted",
    "Weights",
    "WeightsTable",
    "Work",
]
