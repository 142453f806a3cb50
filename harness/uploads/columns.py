"""The columns of the leaderboard that uploads have on Codabench, and what stands in them."""

from dataclasses import dataclass, replace
from typing import Literal

from harness.records import Claims, Measured, Reference, Scores

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


_TITLES_OF_CODE = {"runtime": "Runtime, measured there [s]"}


def columns(code: bool) -> tuple[Column, ...]:
    """Return the columns of a competition; where code is run, runtime is not what teams report."""
    titles = _TITLES_OF_CODE if code else {}
    return tuple(replace(one, title=titles.get(one.key, one.title)) for one in COLUMNS)


def cells(
    reference: Reference, scores: Scores, measured: Measured | None = None
) -> dict[str, float]:
    """Return key -> value; what is not known has no cell. A private split fills hidden columns."""
    suffix = "_hidden" if reference.private else ""
    psnr, ssim = _FIELDS[reference.colour]
    claims = scores.claims or Claims()
    runtime_s, params = claims.runtime_s, claims.params
    if measured and measured.runtime_ms is not None:
        runtime_s, params = measured.runtime_ms / 1000, measured.params
    known: dict[str, float | None] = {
        f"psnr{suffix}": min(scores.mean[psnr], IDENTICAL_DB),
        f"ssim{suffix}": scores.mean.get(ssim),
        "runtime": runtime_s,
        "params": params,
        "extra_data": None if claims.extra_data is None else int(claims.extra_data),
    }
    return {key: value for key, value in known.items() if value is not None}
