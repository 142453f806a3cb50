"""How numbers are printed. Only rendering scales them; files keep base units."""

import math

from harness.ranking.columns import Cell
from harness.records import Protocol

MISSING = "–"
_FINEST = 6  # decimals, where an interval has no width
_HOPELESS = math.log(1e4)  # a score above it is printed with two digits


def db(value: Cell) -> str:
    """Print a PSNR in dB with the two decimals of the challenge's tables."""
    return number(value, 1, 2)


def db4(value: Cell) -> str:
    """Print a PSNR in dB, or an SSIM, with four decimals."""
    return number(value, 1, 4)


def ms(value: Cell) -> str:
    """Print a runtime in ms."""
    return number(value, 1, 2)


def mj(value: Cell) -> str:
    """Print an energy in mJ."""
    return number(value, 1, 1)


def mega(value: Cell) -> str:
    """Print a count in millions."""
    return number(value, 1e6, 3)


def giga(value: Cell) -> str:
    """Print operations in billions."""
    return number(value, 1e9, 3)


def mib(value: Cell) -> str:
    """Print memory in MiB."""
    return number(value, 1, 1)


def percent(value: Cell) -> str:
    """Print a probability in percent."""
    if isinstance(value, float) and value > 0.995:
        return "> 99 %"
    return MISSING if value is None else f"{number(value, 0.01, 0)} %"


def score(log_score: float, ends: tuple[float, float] | None = None) -> str:
    """Print a score, given as its natural logarithm, with the digits that are certain.

    `ends` are those of its 95 % interval: `2.4 ± 0.6`. A hopeless one is `1.3e+05`.
    """
    if log_score > _HOPELESS:
        log10 = log_score / math.log(10)
        return f"{10 ** (log10 % 1):.1f}e+{math.floor(log10):02d}"
    value = math.exp(log_score)
    if ends is None or not -math.inf < ends[0] < ends[1] < _HOPELESS:
        whole = abs(value - round(value)) < 1e-9  # as sums of ranks are
        return f"{value:.0f}" if whole else f"{value:.6f}"
    return certain(value, (math.exp(ends[1]) - math.exp(ends[0])) / 2)


def certain(value: float, half: float) -> str:
    """Print a value with half its interval, to the first digit of that (two where it is a 1)."""
    if half >= value:
        return f"{value:.1g} ± > 100 %"
    decimals = -math.floor(math.log10(half)) + (f"{half:e}"[0] == "1")
    decimals = min(max(0, decimals), _FINEST)
    return f"{value:,.{decimals}f} ± {half:,.{decimals}f}"


def digits(value: Cell) -> str:
    """Print a number of any kind with seven digits."""
    return f"{value:.7g}" if isinstance(value, int | float) else plain(value)


def plain(value: Cell) -> str:
    """Print a name or a small number as it is."""
    return MISSING if value is None or value == "" else str(value)


def number(value: Cell, unit: float, decimals: int) -> str:
    """Print a number in multiples of `unit`."""
    if value is None or isinstance(value, str):
        return value or MISSING
    return f"{value / unit:,.{decimals}f}"


def cost_image(protocol: Protocol) -> str:
    """Name the image that costs are stated for: height and width of LR, and how it came about."""
    height, width = protocol.cost_size
    text = f"one 3x{height}x{width} input"
    if output := protocol.complexity.output:
        text += f" ({output[1]}x{output[0]} output, LR by {protocol.complexity.lr_rounding})"
    return text
