"""The one-line table of a factsheet: what was measured, what the team claims."""

from collections.abc import Mapping

from harness.ranking.leaderboard import Row
from harness.records import Entry, Run
from reports import units


def headings(run: Run) -> list[str]:
    """Return the headings of the factsheet's table, in its order."""
    psnr = [f"{run.protocol.psnr}[{split.name}]" for split in run.protocol.splits]
    memory = "GPU Mem.[MiB]" if run.device.startswith("cuda") else "Memory[MiB]"
    return [*psnr, "Params[M]", "FLOPs[G]", memory, "Activation[M]", "Average Runtime[ms]"]


def measured(run: Run, row: Row) -> list[str]:
    """Return what was measured, as the texts under `headings`."""
    psnr = {f"psnr_{split}_db": value for split, value in row.figures.psnr_db.items()}
    return _texts(run, psnr | row.figures.metrics)


def claimed(run: Run, entry: Entry) -> list[str]:
    """Return what the team claims, as the texts under `headings`; empty where it claims nothing."""
    claims = entry.manifest.claimed if entry.manifest else {}
    return _texts(run, claims) if claims else []


def _texts(run: Run, figures: Mapping[str, float]) -> list[str]:
    psnr = [units.db(figures.get(f"psnr_{split.name}_db")) for split in run.protocol.splits]
    return [
        *psnr,
        units.mega(figures.get("params")),
        units.giga(figures.get("flops")),
        units.mib(figures.get("memory_mib")),
        units.mega(figures.get("activations")),
        units.ms(figures.get("runtime_ms")),
    ]
