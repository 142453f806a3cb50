"""Measured figures against published ones. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import InputError
from reports.paper.columns import Column
from reports.paper.methods import Method


@dataclass(frozen=True)
class Tolerance:
    """By how much a measured figure may differ from the published one."""

    value: float  # in base units, or a fraction of the published figure
    relative: bool = False

    def allows(self, measured: float, published: float) -> bool:
        """Tell whether the difference is within the tolerance."""
        limit = self.value * abs(published) if self.relative else self.value
        return abs(measured - published) <= limit

    def __str__(self) -> str:
        return f"{100 * self.value:g} %" if self.relative else f"{self.value:g}"


Tolerances = Mapping[str, Tolerance]  # by metric

# what does not depend on the device; other metrics are not compared unless a tolerance is given
TOLERANCES: Tolerances = {
    "psnr_y_db": Tolerance(0.02),
    "ssim_y": Tolerance(0.001),
    "params": Tolerance(0.005, relative=True),
    "flops": Tolerance(0.005, relative=True),
}
_COMPARABLE = (*TOLERANCES, "activations", "latency_ms", "memory_mib")


@dataclass(frozen=True)
class Difference:
    """A measured figure beside a published one."""

    published: Method
    column: Column
    measured_value: float
    published_value: float
    tolerance: Tolerance

    @property
    def exceeds(self) -> bool:
        """Tell whether the figures differ by more than the tolerance."""
        return not self.tolerance.allows(self.measured_value, self.published_value)

    @property
    def text(self) -> str:
        """Print measured minus published: `+0.02`, or `+0.9 %` where the tolerance is relative."""
        difference = self.measured_value - self.published_value
        if self.tolerance.relative and self.published_value:
            return _signed(f"{100 * difference / self.published_value:+.1f} %")
        return _signed(f"{difference / self.column.unit:+.{self.column.decimals}f}")

    def __str__(self) -> str:
        one, other = map(self.column.text, (self.measured_value, self.published_value))
        return (
            f"×{self.published.scale} {self.published.name}, {self.column.label}: measured {one}, "
            f"{self.published.kind} {other} ({self.text}, tolerance {self.tolerance})"
        )


def parse(text: str) -> dict[str, Tolerance]:
    """Read `psnr_y_db=0.01,params=1%` on top of TOLERANCES. Raises InputError."""
    tolerances = dict(TOLERANCES)
    for part in filter(None, text.split(",")):
        metric, _, value = (piece.strip() for piece in part.partition("="))
        if metric not in _COMPARABLE:
            raise InputError(f"tolerance {part!r}: the metric is none of {', '.join(_COMPARABLE)}")
        try:
            number = float(value.removesuffix("%"))
        except ValueError:
            number = -1.0
        if not 0 <= number < float("inf"):
            raise InputError(f"tolerance {part!r} is not like {metric}=0.01 or {metric}=1%")
        relative = value.endswith("%")
        tolerances[metric] = Tolerance(number / 100 if relative else number, relative)
    return tolerances


def compare(
    measured: Method, published: Method, columns: Sequence[Column], tolerances: Tolerances
) -> Iterator[Difference]:
    """Yield every figure that both have, of the metrics that have a tolerance."""
    for column in columns:
        quantity = column.quantity
        tolerance = tolerances.get(quantity.metric)
        one, other = measured.values.get(quantity), published.values.get(quantity)
        if tolerance and one is not None and other is not None and not column.ratio:
            yield Difference(published, column, one, other, tolerance)


def _signed(text: str) -> str:
    """Print zero without a sign, and minus as the sign that typography has for it."""
    bare = text[1:]
    zero = not bare.strip("0. %")
    return bare if zero else text.replace("-", "−")
