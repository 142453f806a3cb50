"""The columns of a paper's table: what costs and qualities are called, and how they are printed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reports import units
from reports.paper.methods import HR_SIZE, Method, Quantity


@dataclass(frozen=True)
class Column:
    """One printed column."""

    quantity: Quantity
    heading: str
    group: str = ""  # heading above several columns: the data set
    unit: float = 1.0  # in base units
    decimals: int = 2
    ratio: bool = False  # of the baseline's value to the row's, instead of the value

    @property
    def quality(self) -> bool:
        """Tell whether more is better."""
        return bool(self.group)

    def text(self, value: float) -> str:
        """Print a value in base units; a ratio as `3.7×`."""
        if self.ratio:
            return f"{value:.1f}×" if value >= 1 else f"{value:.2f}×"
        return units.number(value, self.unit, self.decimals)

    @property
    def label(self) -> str:
        """Name the column where no heading stands above it."""
        return f"{self.group} {self.heading}".strip()


COSTS = {  # by what --sort calls them
    "params": Column(Quantity("params"), "Params [M]", unit=1e6, decimals=3),
    "flops": Column(Quantity("flops", HR_SIZE), "FLOPs [G]", unit=1e9, decimals=1),
    "activations": Column(Quantity("activations", HR_SIZE), "Act. [M]", unit=1e6, decimals=1),
    "latency": Column(Quantity("latency_ms", HR_SIZE), "Latency [ms]", decimals=1),
    "memory": Column(Quantity("memory_mib", HR_SIZE), "Memory [MiB]", decimals=0),
}
_RATIOS = ("latency", "memory")


def of_cost(columns: Sequence[Column], cost: str) -> list[Column]:
    """Return the columns of a cost (of COSTS): several where devices stand side by side."""
    metric = COSTS[cost].quantity.metric
    return [one for one in columns if one.quantity.metric == metric and not one.ratio]


def psnr_of(dataset: str) -> Column:
    """Return the column of the PSNR on a data set."""
    return Column(Quantity("psnr_y_db", dataset), "PSNR", dataset)


def columns_of(
    methods: Sequence[Method], datasets: Sequence[str], with_ratios: bool
) -> tuple[Column, ...]:
    """Return the columns that some method has a value for: costs, then the data sets' quality."""
    columns = []
    known = dict.fromkeys(quantity for method in methods for quantity in method.values)
    for name, usual in COSTS.items():
        own = [quantity for quantity in known if quantity[:2] == usual.quantity[:2]]
        measured = [quantity for quantity in own if quantity.device]
        for quantity in [*measured, *(one for one in own if not one.device)]:
            on = f", {quantity.device or 'as published'}" if measured else ""
            columns.append(replace(usual, quantity=quantity, heading=usual.heading + on))
            if with_ratios and name in _RATIOS:
                heading = f"{name.capitalize()} ratio{on}"
                columns.append(Column(quantity, heading, ratio=True))
    for dataset in datasets:
        columns.append(psnr_of(dataset))
        columns.append(Column(Quantity("ssim_y", dataset), "SSIM", dataset, decimals=4))
    return tuple(column for column in columns if column.quantity in known)
