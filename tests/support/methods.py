"""Methods that nobody measured, and the benchmark table that shows all that one can."""

from dataclasses import replace

from reports.paper.layout import build
from reports.paper.methods import Method, Quantity, of_published
from reports.paper.published import Published
from reports.paper.table import Choice, PaperTable
from tests.support.runs import HOSTILE

PARAMS, FLOPS = Quantity("params"), Quantity("flops", "1280x720")
LATENCY = Quantity("latency_ms", "1280x720")
SET5 = Quantity("psnr_y_db", "Set5")


def measured(name: str, scale: int = 4, **values: float) -> Method:
    """Return a method with what a run measured of it."""
    quantities = {"params": PARAMS, "flops": FLOPS, "latency": LATENCY, "set5": SET5}
    known = {quantities[key]: value for key, value in values.items()}
    return Method(name, scale, values=known, missing="checkpoint not available", device="CPU")


def published(name: str, scale: int = 4, kind: str = "paper", **values: float) -> Method:
    """Return a method with what its paper prints of it."""
    method = measured(name, scale, **values)
    sources = dict.fromkeys(method.values, f"paper of {name}")
    return replace(method, kind=kind, missing="", device="", sources=sources)


def table_of_everything() -> PaperTable:
    """Return a table with names that try to be more than text, at two scales."""
    methods = [
        *(measured(name, flops=(9 - i) * 1e9, set5=30 + i / 10) for i, name in enumerate(HOSTILE)),
        measured("ESC", 2, flops=592e9, latency=5, params=947e3),
        *of_published(
            [
                Published("ESC", "", 2, "paper", "Set5", "psnr_y_db", 38.35, "50% & $x$"),
                Published("ESC", "", 2, "paper", "", "params", 900000, "Table_2"),
            ]
        ),
    ]
    return build(methods, Choice(scales=[2, 4], baseline="ESC"))
