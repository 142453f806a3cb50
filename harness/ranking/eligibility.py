"""Who may be ranked: status, unranked ids and PSNR thresholds."""

from harness.records import Figures, Protocol, Standing, Threshold


def judge(entry: Figures, protocol: Protocol) -> Standing:
    """Return a standing with eligibility, its reason, and a flag where rounding decided it.

    An entry that reaches the thresholds of the splits it has, but lacks a split, is `provisional`;
    not so where the protocol ranks nothing.
    """
    if entry.status != "ok":
        return Standing("no", entry.reason or f"status {entry.status}")
    if entry.barred:
        return Standing("no", entry.barred)
    if entry.id is not None and entry.id in protocol.unranked:
        return Standing("no", f"not ranked: {protocol.name} leaves out id {entry.id}")
    judged = [
        (split.name, entry.psnr_db[split.name], split.threshold)
        for split in protocol.splits
        if split.threshold and split.name in entry.psnr_db
    ]
    missed = [_missed(*one) for one in judged if not reaches(*one[1:])]
    if missed:
        return Standing("no", "; ".join(missed))
    rounded = [_rounded(*one) for one in judged if one[1] < one[2].db]
    flags = {"decided by rounding": "; ".join(rounded)} if rounded else {}
    absent = [split.name for split in protocol.splits if split.name not in entry.psnr_db]
    if absent and protocol.tracks:
        return Standing("provisional", f"no PSNR on {', '.join(absent)}", flags=flags)
    return Standing("yes", flags=flags)


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
