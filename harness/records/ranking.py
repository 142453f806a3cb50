"""What ranking reads, and what it says."""

import re
from dataclasses import dataclass, field
from typing import Literal

METRICS = ("runtime_ms", "flops", "params", "activations", "memory_mib")  # less is better
PSNR = re.compile(r"psnr_([A-Za-z][A-Za-z0-9]*)_db")  # a column, and its split


@dataclass(frozen=True)
class Figures:
    """What ranking reads of one entry; the same from a run and from a CSV table."""

    name: str
    id: int | None = None
    team: str = ""
    status: str = "ok"
    reason: str = ""  # why the status is not ok
    barred: str = ""  # why it may not be ranked, whatever its figures
    psnr_db: dict[str, float] = field(default_factory=dict)  # split -> mean over images
    metrics: dict[str, float] = field(default_factory=dict)  # runtime_ms, params, flops, ...
    doubted: dict[str, str] = field(default_factory=dict)  # flags for a person to look into first
    accepted: bool = False  # by a person, whatever those and its PSNR say


@dataclass(frozen=True)
class Place:
    """Rank and score of one entry in one track; scores are compared as natural logarithms."""

    rank: int
    log_score: float


@dataclass(frozen=True)
class Standing:
    """What ranking says of one entry."""

    eligible: Literal["yes", "no", "provisional"]
    reason: str = ""  # why not, or what is missing for a final word
    places: dict[str, Place] = field(default_factory=dict)  # track -> place
    log_parts: dict[str, float] = field(default_factory=dict)  # metric -> log of exp(2 x ratio)
    metric_ranks: dict[str, int] = field(default_factory=dict)  # among the eligible entries
    flags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ranking:
    """Standings in the order of the entries given, and what a reader must know of them."""

    standings: tuple[Standing, ...]
    baseline: str  # name of the entry, or "published figures", or "" where there is none
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Certainty:
    """How sure the place of one entry in one track is. None: it cannot be said."""

    log_score: tuple[float, float] | None = None  # 95 % interval
    ranks: tuple[int, int] | None = None  # after those surely ahead, before those surely behind
    ahead: float | None = None  # probability of being truly ahead of the next entry
