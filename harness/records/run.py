"""A whole run, and one entry of it."""

from dataclasses import dataclass, field
from typing import Literal

from harness.records.inspection import Inspection
from harness.records.passes import Digests, Failure, ImageScore, Restoration
from harness.records.protocol import Protocol
from harness.records.submission import Manifest
from harness.records.timing import Round, Timing

Isolation = Literal["bubblewrap", "landlock", "none"]  # what kept entries from all but their pass


@dataclass(frozen=True)
class Entry:
    """One submission with all that was measured of it."""

    slug: str  # unique in a run; names its files
    name: str
    id: int | None = None
    team: str = ""
    status: Literal["ok", "partial", "failed", "skipped", "pending"] = "ok"
    manifest: Manifest | None = None  # None where it could not be read
    digest: str = ""
    inspection: Inspection | None = None
    restorations: dict[str, Restoration] = field(default_factory=dict)  # by split
    scores: tuple[ImageScore, ...] = ()
    timing: Timing | None = None
    official: Timing | None = None  # by the official policy, where `timing` is by the fair one
    failure: Failure | None = None  # why the status is not ok
    flags: dict[str, str] = field(default_factory=dict)  # flag -> explanation
    accepted: bool = False  # a person said that it is ranked whatever its flags say
    figure: str = ""  # of its method, below OUT
    pictures: dict[str, str] = field(default_factory=dict)  # split -> album of SR crops, in OUT
    log: str = ""  # what the entry printed in its last pass

    def ordinary(self, split: str) -> tuple[Digests, ...]:
        """Return what ordinary calls on the images of a split gave, whether scored or not."""
        scored = [one for one in self.scores if one.split == split]
        restored = self.restorations.get(split)
        unscored = restored.unscored if restored else ()
        return tuple(Digests(one.sr_digest, one.perturbed_digest) for one in scored) or unscored


@dataclass(frozen=True)
class SplitInfo:
    """The data of one split, as a run found it."""

    name: str
    images: tuple[str, ...]  # names of the HR files; none where the split is absent
    lr_digest: str = ""
    hr_digest: str = ""
    lr_sizes: tuple[tuple[int, int], ...] = ()  # height, width of each image
    pictures: str = ""  # album of its HR, LR and bicubic crops, below OUT
    layout: str = ""  # in which it was found; empty where the protocol states its patterns
    made_lr: str = ""  # how LR was made from HR; empty where it was found
    left_out: str = ""  # image files in its folders that are no part of it


@dataclass(frozen=True)
class Run:
    """Everything that a report is rendered from; `results.json`."""

    schema_version: int
    harness_version: str
    protocol: Protocol
    splits: tuple[SplitInfo, ...]
    device: str
    identity: dict[str, str]  # hardware and versions that results depend on
    observed: dict[str, str]  # clocks, temperatures, dates: never part of a key
    command: str
    entries: tuple[Entry, ...]
    rounds: tuple[Round, ...] = ()  # in which the entries were timed
    isolation: Isolation | None = None  # None where an earlier program did not say
    unfinished: str = ""  # how far it was when this was written; empty where it came to its end
