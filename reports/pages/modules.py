"""What each module of a network costs, as the rows of a tree."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.records import Entry, ModuleCost

COSTS = ("flops", "params", "activations")


@dataclass(frozen=True)
class Row:
    """One module, below the one that it stands in."""

    name: str  # the last part of its dotted name
    kind: str
    depth: int  # 0 is the network
    inner: bool  # whether rows of modules inside it follow
    costs: tuple[int, ...]  # COSTS
    shares: tuple[float | None, ...]  # of the network's; None where the network's is 0


def of_entry(entry: Entry) -> Sequence[Row]:
    """Return the modules of an entry's network, each before those inside it."""
    modules = entry.inspection.modules if entry.inspection else ()
    return [_row(module, modules) for module in modules] if len(modules) > 1 else []


def _row(module: ModuleCost, modules: Sequence[ModuleCost]) -> Row:
    whole = modules[0]
    costs = tuple(getattr(module, cost) for cost in COSTS)
    totals = tuple(getattr(whole, cost) for cost in COSTS)
    prefix = f"{module.name}." if module.name else ""
    return Row(
        name=module.name.rpartition(".")[2] or "network",
        kind=module.kind,
        depth=module.name.count(".") + 1 if module.name else 0,
        inner=any(
            one.name and one.name != module.name and one.name.startswith(prefix) for one in modules
        ),
        costs=costs,
        shares=tuple(
            cost / total if total else None for cost, total in zip(costs, totals, strict=True)
        ),
    )
