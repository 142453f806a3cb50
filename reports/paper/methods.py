"""Measured runs and published figures as the same rows: a method at one scale."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from harness.entries.checkpoints import how_to_get
from harness.ranking.leaderboard import Row, of_run
from harness.records import Run
from reports.paper.published import Published

HR_SIZE = "1280x720"  # of the output that the costs of papers are of
_SCALE = re.compile(r"[\s_-]*[x×][234]$", re.IGNORECASE)


class Quantity(NamedTuple):
    """A metric, and what it was taken on: a data set, a size, or nothing for `params`."""

    metric: str
    on: str = ""
    device: str = ""  # that took it, where the table has those of several side by side


@dataclass(frozen=True, eq=False)
class Method:
    """One method at one scale, as it was measured or as it was published; equal to itself only."""

    name: str  # without the scale
    scale: int
    kind: str = ""  # paper, retrained, ...; empty where it was measured
    values: Mapping[Quantity, float] = field(default_factory=dict)  # base units
    spread: Mapping[Quantity, float] = field(default_factory=dict)  # half the 95 % interval
    missing: str = ""  # why it has no quality, or nothing at all
    sources: Mapping[Quantity, str] = field(default_factory=dict)  # of published values
    device: str = ""  # that measured it

    def origin(self, quantity: Quantity) -> str:
        """Return the source or device of a figure; times and memory compare within one."""
        return quantity.device or self.sources.get(quantity, self.device)

    @property
    def key(self) -> str:
        """Return what two names of one method have in common: letters, digits and plus signs."""
        return key_of(self.name)


Group = Sequence[Method]  # all rows of one method at one scale: measured ones, then published


def leading(group: Group, quantity: Quantity) -> Method | None:
    """Return the row whose figure stands for the method: the measured, else the first published."""
    return next((method for method in group if quantity in method.values), None)


def key_of(name: str) -> str:
    """Return `dlgsanettiny` for `DLGSANet-tiny`; the `+` of a self-ensemble stays."""
    return "".join(c for c in _SCALE.sub("", name).casefold() if c.isalnum() or c == "+")


def devices(methods: Iterable[Method]) -> list[str]:
    """Return the devices that methods were measured on."""
    return list(dict.fromkeys(method.device for method in methods if not method.kind))


def side_by_side(methods: Iterable[Method]) -> list[Method]:
    """Join the measured rows of each method, the times of each device under its name.

    Of other figures the first row's stand. A second row from one device stays a row of its own.
    """
    joined: dict[tuple[str, int], Method] = {}
    rows = list[Method]()
    for method in methods:
        if method.kind:
            rows.append(method)
            continue
        values, spread = (
            {_of_device(quantity, method.device): value for quantity, value in figures.items()}
            for figures in (method.values, method.spread)
        )
        first = joined.get((method.key, method.scale))
        if first and not any(q.device for q in values.keys() & first.values.keys()):
            whole = replace(
                first,
                values=dict(first.values) | _without(values, first.values),
                spread=dict(first.spread) | _without(spread, first.spread),
            )
            rows[rows.index(first)] = joined[first.key, first.scale] = whole
        else:
            own = replace(method, values=values, spread=spread)
            rows.append(own)
            joined.setdefault((own.key, own.scale), own)
    return rows


def _without(figures: dict[Quantity, float], known: Collection[Quantity]) -> dict[Quantity, float]:
    return {quantity: value for quantity, value in figures.items() if quantity not in known}


def _of_device(quantity: Quantity, device: str) -> Quantity:
    timed = quantity.metric in ("latency_ms", "memory_mib")
    return quantity._replace(device=device) if timed else quantity


def of_published(figures: Iterable[Published]) -> list[Method]:
    """Gather published figures to a row per method, scale and kind, in the order they stand."""
    rows: dict[tuple[str, int, str], list[Published]] = {}
    for one in figures:
        name = f"{one.method}-{one.variant}" if one.variant else one.method
        rows.setdefault((name, one.scale, one.kind), []).append(one)
    return [
        Method(
            name,
            scale,
            kind,
            {Quantity(one.metric, one.on): one.value for one in row},
            sources={Quantity(one.metric, one.on): one.source for one in row},
        )
        for (name, scale, kind), row in rows.items()
    ]


def of_run_rows(run: Run) -> list[Method]:
    """Return the entries of `run` that are of its scale."""
    device = run.identity.get("gpu") or run.identity.get("cpu") or run.device
    return [
        Method(
            _SCALE.sub("", row.figures.name),
            run.protocol.scale,
            values=dict(_values(run, row)),
            spread=_spread(run, row),
            missing=_missing(row),
            device=device,
        )
        for row in of_run(run).rows
        if row.figures.status != "skipped"
    ]


def _values(run: Run, row: Row) -> Iterable[tuple[Quantity, float]]:
    columns, on = row.columns, _cost_image(run)
    found = {
        Quantity("params"): columns.get("params"),
        Quantity("flops", on): columns.get("flops"),
        Quantity("activations", on): columns.get("activations"),
    }
    if run.protocol.complexity.output:  # runtime and memory are otherwise those of the data sets
        found[Quantity("latency_ms", on)] = columns.get("runtime_ms")
        found[Quantity("memory_mib", on)] = row.figures.metrics.get("memory_mib")
    for split in run.splits:
        for metric, column in (
            ("psnr_y_db", f"psnr_y_{split.name}_db"),
            ("ssim_y", f"ssim_y_{split.name}"),
            ("psnr_db", f"psnr_{split.name}_db"),
            ("ssim", f"ssim_{split.name}"),
        ):
            found[Quantity(metric, split.name)] = columns.get(column)
    for quantity, value in found.items():
        if isinstance(value, int | float):
            yield quantity, value


def _spread(run: Run, row: Row) -> dict[Quantity, float]:
    """Return half the interval of the latency, where there is one."""
    low, high = row.columns.get("runtime_ms_low"), row.columns.get("runtime_ms_high")
    if not (run.protocol.complexity.output and isinstance(low, float) and isinstance(high, float)):
        return {}
    return {Quantity("latency_ms", _cost_image(run)): (high - low) / 2}


def _cost_image(run: Run) -> str:
    """Name the image that costs were measured on, as published figures do: width x height."""
    height, width = run.protocol.complexity.output or run.protocol.complexity.input
    return f"{width}x{height}"


def _missing(row: Row) -> str:
    """Say why figures of a measured method are missing."""
    entry = row.entry
    if entry and entry.inspection and not entry.inspection.complete:
        table = entry.manifest.weights if entry.manifest else None
        return f"checkpoint not available ({how_to_get(table)})"
    return row.figures.reason or "not measured in this run"
