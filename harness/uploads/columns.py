"""The columns of the leaderboard that uploads have on Codabench, and what stands in them."""

from dataclasses import dataclass
from typing import Literal

from harness.records import Claims, Reference, Scores

IDENTICAL_DB = 100.0  # in place of infinity, which the columns do not hold
_FIELDS = {"rgb": ("psnr_db", "ssim"), "y": ("psnr_y_db", "ssim_y")}


@dataclass(frozen=True)
class Column:
    """One column; `key` is that of scores.json. Titles have at most 36 letters there."""

    key: str
    title: str
    sorting: Literal["asc", "desc"]
    precision: int  # decimals
    hidden: bool = False  # from all but the organisers


COLUMNS = (
    Column("psnr", "PSNR [dB]", "desc", 2),
    Column("ssim", "SSIM", "desc", 4),
    Column("runtime", "Runtime, as reported [s]", "asc", 4),
    Column("params", "Parameters", "asc", 0),
    Column("extra_data", "Extra data [1]", "asc", 0),
    Column("psnr_hidden", "PSNR of hidden phases [dB]", "desc", 2, hidden=True),
    Column("ssim_hidden", "SSIM of hidden phases", "desc", 4, hidden=True),
)


def cells(reference: Reference, scores: Scores) -> dict[str, float]:
    """Return key -> value; what is not known has no cell. A private split fills hidden columns."""
    suffix = "_hidden" if reference.private else ""
    psnr, ssim = _FIELDS[reference.colour]
    claims = scores.claims or Claims()
    known: dict[str, float | None] = {
        f"psnr{suffix}": min(scores.mean[psnr], IDENTICAL_DB),
        f"ssim{suffix}": scores.mean.get(ssim),
        "runtime": claims.runtime_s,
        "params": claims.params,
        "extra_data": None if claims.extra_data is None else int(claims.extra_data),
    }
    return {key: value for key, value in known.items() if value is not None}
