"""The visits of a timing, and the rounds that they were made in."""

import statistics
from dataclasses import dataclass, field
from typing import Literal

from harness.records.device import DeviceState, Site
from harness.records.passes import Visit

# where in a round: among the entries, as the baseline's bracket around them, or as the baseline
# among the entries once more, to control how far two cards agree
Position = Literal["entry", "start", "end", "control"]


@dataclass(frozen=True)
class RoundVisit:
    """A visit and where it stands. Rounds of one timing belong to one session."""

    session: int
    round: int
    place: Position
    visit: Visit
    state: DeviceState | None = None  # of its GPU; None where NVML is not available
    repeats: int = 0  # times that it was measured again, as something disturbed it
    bracket_mhz: float | None = None  # median SM clock in the bracket before it
    # LR size -> what the exchange of its images takes of `referee_ms` in this round, by call
    exchange_ms: dict[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Timing:
    """All visits of one entry, in the order they were made; never empty."""

    visits: tuple[RoundVisit, ...]

    @property
    def samples_ms(self) -> dict[str, tuple[tuple[float, ...], ...]]:
        """Return split -> image -> the samples of all visits."""
        every = [made.visit.samples_ms for made in self.visits]
        return {
            split: tuple(
                tuple(sample for image in images for sample in image)
                for images in zip(*(samples[split] for samples in every), strict=True)
            )
            for split in every[0]
        }

    @property
    def peak_bytes(self) -> dict[str, int]:
        """Return split -> peak memory, the median over visits."""
        every = [made.visit.peak_bytes for made in self.visits]
        return {split: statistics.median_low(peaks[split] for peaks in every) for split in every[0]}

    @property
    def reserved_bytes(self) -> dict[str, int]:
        """Return split -> peak of the allocator's pool, the median over visits; GPU only."""
        every = [made.visit.reserved_bytes for made in self.visits]
        return {split: statistics.median_low(held[split] for held in every) for split in every[0]}

    @property
    def process_bytes(self) -> int | None:
        """Return the GPU memory of a visit's processes by NVML, the median over visits."""
        told = [made.state.process_bytes for made in self.visits if made.state]
        known = [held for held in told if held is not None]
        return statistics.median_low(known) if known else None

    @property
    def energy_mj(self) -> dict[str, float]:
        """Return split -> energy per image, the median over visits; empty where not counted."""
        every = [made.state.energy_mj for made in self.visits if made.state]
        return {
            split: statistics.median(energies[split] for energies in every if split in energies)
            for split in dict.fromkeys(split for energies in every for split in energies)
        }

    @property
    def memory_kind(self) -> str:
        """Return what `peak_bytes` means on this device."""
        return self.visits[0].visit.memory_kind


@dataclass(frozen=True)
class Round:
    """One round: every entry of its session visited once, the baseline before and after them."""

    session: int
    number: int
    order: tuple[str, ...]  # slugs, as they were visited
    drifts: tuple[float, ...] = ()  # per attempt: end over start of the baseline, less 1
    flagged: bool = False  # the last attempt drifted too far as well
    site: Site = field(default_factory=Site)  # where it was played, whole
