"""The GPU's state during an entry's visits, as a factsheet prints it."""

import statistics
from collections.abc import Sequence

from harness.records import Entry, Spread
from reports import units

_FIGURES = (
    ("sm_clock_mhz", "SM clock [MHz]"),
    ("memory_clock_mhz", "Memory clock [MHz]"),
    ("power_w", "Power [W]"),
    ("temperature_c", "Temperature [°C]"),
    ("utilisation_percent", "Utilisation [%]"),
)


def lines(entry: Entry) -> list[tuple[str, str]]:
    """Return heading and text of each figure over all visits; none where NVML told nothing."""
    timing = entry.timing
    states = [made.state for made in timing.visits if made.state] if timing else []
    if not timing or not states:
        return []
    found = [
        (heading, _spread([getattr(state, figure) for state in states]))
        for figure, heading in _FIGURES
    ]
    bursts = [spread for state in states for spread in state.burst_c.values()]
    if bursts:
        found.append(("Temperature while its energy was counted [°C]", _spread(bursts)))
    reasons = dict.fromkeys(reason for state in states for reason in state.reasons)
    held = timing.process_bytes
    repeats = sum(made.repeats for made in timing.visits)
    return [
        *found,
        ("Clocks limited by", ", ".join(reasons) or "nothing"),
        ("Memory of its processes [MiB]", units.mib(held / 2**20) if held else units.MISSING),
        ("Visits made again", str(repeats)),
    ]


def _spread(spreads: Sequence[Spread | None]) -> str:
    known = [spread for spread in spreads if spread is not None]
    if not known:
        return "not available"
    middle = statistics.median(spread.middle for spread in known)
    low, high = min(spread.low for spread in known), max(spread.high for spread in known)
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"
