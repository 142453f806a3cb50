"""Who may be ranked: status, unranked ids, PSNR thresholds, and what a person has to look into."""

import math
from collections.abc import Iterator, Sequence

from harness.records import Figures, Protocol, Standing, Threshold

_ABOVE_DB = 3.0  # by which no honest entry exceeds every figure that a protocol publishes


def judge(entry: Figures, protocol: Protocol) -> Standing:
    """Return a standing with eligibility, its reason, and a flag where rounding decided it.

    An entry that reaches the thresholds of the splits it has, but lacks a split, is `provisional`;
    not so where the protocol ranks nothing. One with flags that a person is to look into, or with a
    PSNR that is infinite or far above all that the protocol publishes, is not ranked until a person
    accepts it.
    """
    judged = [
        (split.name, entry.psnr_db[split.name], split.threshold)
        for split in protocol.splits
        if split.threshold and split.name in entry.psnr_db
    ]
    if why := _refusal(entry, protocol, judged):
        return Standing("no", why)
    rounded = [_rounded(*one) for one in judged if one[1] < one[2].db]
    flags = {"decided by rounding": "; ".join(rounded)} if rounded else {}
    if doubts := entry.doubted | dict(_impossible(entry, protocol)):
        flags |= {flag: text for flag, text in doubts.items() if flag not in entry.doubted}
        if not entry.accepted:
            why = "; ".join(f"{flag}: {text}" for flag, text in doubts.items())
            advice = "--accept ranks it once a person has looked into that"
            return Standing("no", f"{why}; {advice}", flags=flags)
        flags["accepted"] = f"ranked as a person says, despite {', '.join(doubts)}"
    absent = [split.name for split in protocol.splits if split.name not in entry.psnr_db]
    if absent and protocol.tracks:
        return Standing("provisional", f"no PSNR on {', '.join(absent)}", flags=flags)
    return Standing("yes", flags=flags)


def _refusal(
    entry: Figures, protocol: Protocol, judged: Sequence[tuple[str, float, Threshold]]
) -> str:
    """Say why an entry is not ranked, whatever a person says; nothing where it may be."""
    if entry.status != "ok":
        return entry.reason or f"status {entry.status}"
    if entry.barred:
        return entry.barred
    if entry.id is not None and entry.id in protocol.unranked:
        return f"not ranked: {protocol.name} leaves out id {entry.id}"
    return "; ".join(_missed(*one) for one in judged if not reaches(*one[1:]))


def _impossible(entry: Figures, protocol: Protocol) -> Iterator[tuple[str, str]]:
    """Compare PSNR with the thresholds and the baseline's published figures."""
    told = []
    for split in protocol.splits:
        psnr_db = entry.psnr_db.get(split.name)
        published = [protocol.baseline.published.get(f"psnr_{split.name}_db")]
        published += [split.threshold.db if split.threshold else None]
        known = [db for db in published if db is not None]
        most = max(known) + _ABOVE_DB if known else math.inf
        if psnr_db is not None and (psnr_db > most or math.isinf(psnr_db)):
            bound = f", more than {_ABOVE_DB:g} dB above all that is published" if known else ""
            told.append(f"PSNR on {split.name} is {psnr_db:.2f} dB{bound}")
    if told:
        yield "impossible-psnr", "; ".join(told)


def reaches(psnr_db: float, threshold: Threshold) -> bool:
    """Compare a PSNR with a threshold at the threshold's decimals, as tables are printed.

    `round` takes the exact value of the float to the nearest decimal number, exact halves to even,
    as `format(psnr_db, ".2f")` does: who is printed as reaching the threshold reaches it.
    """
    return round(psnr_db, threshold.decimals) >= threshold.db


def _missed(split: str, psnr_db: float, threshold: Threshold) -> str:
    decimals = threshold.decimals
    return f"PSNR on {split} is {psnr_db:.{decimals}f} dB, below {threshold.db:.{decimals}f} dB"


def _rounded(split: str, psnr_db: float, threshold: Threshold) -> str:
    decimals = threshold.decimals
    return (
        f"PSNR on {split} is {threshold.db - psnr_db:.2g} dB short of "
        f"{threshold.db:.{decimals}f} dB and reaches it at {decimals} decimals"
    )
