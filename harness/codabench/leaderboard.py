"""A phase's leaderboard as Codabench exports it: what was scored, and what was claimed.

The export has a line per submission: `Username` is `owner-submission`, and a column is called
`task(number)-title` (`api/views/competitions.py`, `collect_leaderboard_data`).
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import TableError
from harness.records import METRICS, Figures
from harness.store.csv_rows import CsvRow, read_rows
from harness.uploads.columns import COLUMNS

_PSNR_DB = 0.01  # by which uploaded images and those of the code may differ: other hardware
_PARAMS = 0.01  # of the measured number; claims are rounded

Cell = str | int | float | None


@dataclass(frozen=True)
class Scored:
    """One line: what our arithmetic said of the images, and what the team says."""

    name: str
    psnr_db: float
    ssim: float | None = None
    runtime_s: float | None = None  # claimed
    params: float | None = None  # claimed
    extra_data: float | None = None  # claimed


def read(file: Path) -> list[Scored]:
    """Read an export of one phase. Raises TableError with file and line."""
    rows = list(read_rows(file, _check_header))
    owners = [row.cells["Username"].rsplit("-", 1)[0] for row in rows if "Username" in row.cells]
    times = Counter(owners)
    found = []
    for row in rows:
        if "Username" not in row.cells:
            raise row.fault("Username", "is empty")
        user = row.cells["Username"]
        owner = user.rsplit("-", 1)[0]
        found.append(_scored(row, user if times[owner] > 1 else owner))
    if not found:
        raise TableError(f"{file} has no submissions; export a phase that has some")
    return found


def table(
    scored: Sequence[Scored], split: str, measured: Sequence[Figures]
) -> Iterator[dict[str, Cell]]:
    """Yield a line per submission, in the form of leaderboard.csv.

    Metrics are those of `measured`, where an entry has the name or the team of the submission;
    what teams claim stands in columns of its own. Only where nothing at all was measured are the
    claimed parameters also `params`, so that the table can be ranked by them.
    """
    for one in scored:
        own = _measured(one, measured)
        metrics = own.metrics if own else {}
        if not measured and one.params is not None:
            metrics = {"params": one.params}
        yield {
            "id": own.id if own else None,
            "name": own.name if own else one.name,
            "team": own.team if own else "",
            "status": "ok",
            f"psnr_{split}_db": one.psnr_db,
            f"ssim_{split}": one.ssim,
            "claimed_runtime_ms": None if one.runtime_s is None else round(1000 * one.runtime_s, 7),
            "claimed_params": one.params,
            "extra_data": one.extra_data,
            **{metric: metrics.get(metric) for metric in METRICS},
        }


@dataclass(frozen=True)
class Remark:
    """One claim beside what was measured. `wrong` where they do not go together."""

    wrong: bool
    text: str


def remarks(scored: Iterable[Scored], split: str, measured: Sequence[Figures]) -> Iterator[Remark]:
    """Yield what stands beside each other: PSNR of uploads and of code, claims and measurements."""
    for one in scored:
        own = _measured(one, measured)
        if own is None:
            yield Remark(False, f"{one.name}: no measured entry has this name or team")
            continue
        psnr_db, params = own.psnr_db.get(split), own.metrics.get("params")
        if psnr_db is not None:
            differ = not math.isclose(psnr_db, one.psnr_db, rel_tol=0, abs_tol=_PSNR_DB)
            what = f"its images have {one.psnr_db:.4f} dB on {split}, its code gives {psnr_db:.4f}"
            yield Remark(differ, f"{one.name}: {what}")
        if params is not None and one.params is not None:
            differ = not math.isclose(params, one.params, rel_tol=0, abs_tol=_PARAMS * params)
            what = f"claims {one.params:.0f} parameters, measured {params:.0f}"
            yield Remark(differ, f"{one.name}: {what}")
        if (runtime_ms := own.metrics.get("runtime_ms")) and one.runtime_s is not None:
            claim = f"claims {1000 * one.runtime_s:.4g} ms on its device"
            yield Remark(False, f"{one.name}: {claim}, measured {runtime_ms:.4g} ms on ours")


def _measured(one: Scored, measured: Iterable[Figures]) -> Figures | None:
    names = {one.name.casefold(), one.name.rsplit("-", 1)[0].casefold()}
    return next(
        (own for own in measured if {own.name.casefold(), own.team.casefold()} & names), None
    )


def _check_header(file: Path, header: Sequence[str]) -> None:
    found = [key for key in ("psnr", "psnr_hidden") if _columns(key, header)]
    if "Username" not in header or not found:
        raise TableError(
            f"{file}, line 1: this is no export of a leaderboard of ours; it needs Username and a "
            "column that ends in PSNR [dB]"
        )
    for column in COLUMNS:
        if len(_columns(column.key, header)) > 1:
            raise TableError(
                f"{file}, line 1: several columns end in {column.title!r}; export one phase"
            )


def _columns(key: str, header: Iterable[str]) -> list[str]:
    title = next(column.title for column in COLUMNS if column.key == key)
    return [name for name in header if name.endswith(f")-{title}")]


def _scored(row: CsvRow, name: str) -> Scored:
    def cell(*keys: str) -> float | None:
        names = [name for key in keys for name in _columns(key, row.cells)]
        return row.number(names[0]) if names else None

    psnr_db = cell("psnr", "psnr_hidden")
    if psnr_db is None:
        raise row.fault("PSNR [dB]", "is empty")
    return Scored(
        name,
        psnr_db,
        cell("ssim", "ssim_hidden"),
        cell("runtime"),
        cell("params"),
        cell("extra_data"),
    )
