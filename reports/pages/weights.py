"""How an entry's weights are kept, as its factsheet tells it."""

from dataclasses import dataclass

from harness.records import Entry, Layer
from reports import units


@dataclass(frozen=True)
class Kept:
    """A sentence, and the layers with zeros."""

    summary: str
    layers: tuple[Layer, ...]


def of_entry(entry: Entry) -> Kept | None:
    """Return what is to be told; None where nothing was learnt, or an earlier program looked."""
    inspection = entry.inspection
    if inspection is None or inspection.weights is None or not inspection.weights.elements:
        return None
    weights, products = inspection.weights, inspection.complexity.by_precision
    total = sum(weights.elements.values())
    parts = [
        ", ".join(f"{number:,} {kind}" for kind, number in weights.elements.items()),
        f"{8 * weights.bytes / total:.3g} bits each",
    ]
    if weights.file_bytes:
        parts.append(f"a file of {weights.file_bytes / 1000:.1f} kB")
    if weights.zeros:
        parts.append(f"{weights.zeros / total:.1%} of them zero")
    if products:
        told = ", ".join(f"{units.giga(macs)} G in {kind}" for kind, macs in products.items())
        parts.append(f"multiply-accumulates {told}")
    return Kept("; ".join(parts), weights.layers)
