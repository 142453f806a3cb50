"""Whether timed or counted calls compute another function than ordinary ones. Pure."""

from collections.abc import Iterable, Sequence

from harness.records import Apart, Restoration, RoundVisit

_LEVELS, _DB = 2, 60.0  # of 255, at most; at least
_SPREAD, _SPREAD_DB = 2, 6.0  # times, and dB, that repeats may be exceeded by


def other_function(visits: Sequence[RoundVisit]) -> str:
    """Say so where SR images of timed calls are none that an ordinary call gives; else nothing.

    They may be apart by 2 levels and 60 dB, for some kernels add up in another order at every
    start; those of an entry whose ordinary calls differ among themselves, by twice as much.
    """
    return _otherwise("timed calls", [one for made in visits for one in made.visit.apart])


def counted_otherwise(restorations: Iterable[Restoration]) -> dict[str, str]:
    """Return the flag of an entry that computed something else while it was counted."""
    every = [one for restoration in restorations for one in restoration.apart]
    by = ", ".join(dict.fromkeys(one.counter for one in every if _is_far(one)))
    text = _otherwise(f"calls that a counter saw ({by})", every)
    return {"other-function": text} if text else {}


def _otherwise(which: str, every: Sequence[Apart]) -> str:
    far = [one for one in every if _is_far(one)]
    if not far:
        return ""
    levels, worst_db = max(one.levels for one in far), min(one.psnr_db for one in far)
    return (
        f"{which} computed something else than ordinary calls on the same pixels: "
        f"{len(far)} of {len(every)} compared, by up to {levels} levels and to {worst_db:.1f} dB"
    )


def _is_far(one: Apart) -> bool:
    levels = max(_LEVELS, _SPREAD * one.spread_levels)
    return one.levels > levels or one.psnr_db < min(_DB, one.spread_db - _SPREAD_DB)
