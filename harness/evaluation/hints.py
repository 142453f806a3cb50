"""What is probably wrong with a manifest, from how its network behaves. Pure."""

from collections.abc import Sequence

from harness.evaluation.specimens import Restored
from harness.records import ModelTable, Probe

_MULTIPLES = (2, 4, 8, 16, 32)
SMALL = 32  # smaller sizes may be refused for what they are; others for what divides them
_BEYOND = 8.0  # outputs this many times beyond the data range, or short of it, are of another
_BETTER_DB = 0.2  # by which an exchange of red and blue tells something


def multiple_of(probe: Probe, model: ModelTable) -> int | None:
    """Return the `multiple_of` that the refused sizes speak for."""
    sizes = {size: tuple(map(int, size.split("x"))) for size in probe.sizes}
    accepted = [sides for size, sides in sizes.items() if size not in probe.refused]
    refused = [sizes[size] for size in probe.refused if min(sizes[size]) >= SMALL]
    if not accepted or not refused or model.multiple_of > 1:
        return None
    for multiple in _MULTIPLES:
        whole = all(_divided(sides, multiple) for sides in accepted)
        if whole and not any(_divided(sides, multiple) for sides in refused):
            return multiple
    return None


def data_range(probe: Probe, model: ModelTable) -> float | None:
    """Return the `data_range` that the network's outputs speak for."""
    if model.data_range == 1 and probe.high > _BEYOND:
        return 255.0
    if model.data_range == 255 and 0 < probe.high < model.data_range / _BEYOND / _BEYOND:
        return 1.0
    return None


def channels(restored: Restored) -> str:
    """Say where red and blue are to be exchanged, and what that gives; empty where nowhere."""
    places = {
        "its output has blue first: return red first": restored.output_blue_first_db,
        "it wants blue first: exchange red and blue before and after it": restored.blue_first_db,
    }
    place = max(places, key=lambda one: places[one])
    better = places[place] > restored.psnr_db + _BETTER_DB
    return f"{place}, which gives {places[place]:.2f} dB" if better else ""


def _divided(sides: Sequence[int], multiple: int) -> bool:
    return all(side % multiple == 0 for side in sides)
