"""`show`: what there is, and what this machine can measure."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness import cli, protocols
from harness.cli.inputs import say
from harness.entries.discovery import discover
from harness.entries.submission import BrokenSubmission
from harness.machines import environment
from harness.records import Manifest, OfficialTable, Switches
from harness.sandbox import jail
from harness.worker import devices


def command(options: argparse.Namespace) -> int:
    """Print what `options.what` asks for."""
    lines = {"protocols": _protocols, "submissions": _submissions, "device": _device}
    for line in lines[options.what](options):
        print(line)
    return cli.OK


def _protocols(_: argparse.Namespace) -> Iterable[str]:
    for name in protocols.bundled():
        edition, *others = protocols.load_scales(name)
        scales = ", ".join(f"x{one.scale}" for one in (edition, *others))
        yield f"{name}: {edition.title}"
        yield f"  {scales}, baseline {next(iter(edition.baseline.names), 'none')}"
        for split in edition.splits:
            limit = split.threshold
            needs = f", at least {limit.db:.{limit.decimals}f} dB" if limit else ""
            yield f"  {split.name}: {split.wanted}{needs}"
        for track in edition.tracks:
            terms = " + ".join(f"{weight:g} {metric}" for metric, weight in track.weights.items())
            yield f"  track {track.name}: {track.method} of {terms} ({track.source})"


def _submissions(options: argparse.Namespace) -> Iterable[str]:
    paths: Sequence[Path] = options.paths or [cli.SHIPPED_SUBMISSIONS]
    for found in discover(paths, options.ids, tell=say):
        if isinstance(found, BrokenSubmission):
            yield f"{found.slug}: cannot be used: {found.error}"
            continue
        if found.manifest.official:
            yield _official(found.manifest, found.manifest.official)
            continue
        manifest, checkpoint = found.manifest, found.checkpoint
        number = "" if manifest.id is None else f"id {manifest.id}, "
        if checkpoint is None:
            weights = "no [weights]"
        else:
            there = "there" if checkpoint.is_file() else "missing"
            weights = f"checkpoint {checkpoint.name} ({there})"
        yield f"{found.slug}: {manifest.shown_name}, {number}x{manifest.model.scale}, {weights}"


def _official(manifest: Manifest, table: OfficialTable) -> str:
    files = ", ".join((*table.modules, *table.checkpoints))
    missing = f"; missing: {', '.join(table.missing)}" if table.missing else ""
    return f"id {table.model_id}: {manifest.name}, {files}{missing}"


def _device(options: argparse.Namespace) -> Iterable[str]:
    device = devices.resolve(options.device)
    facts = environment.identity(device, Switches()) | environment.observe(device)
    yield from (f"{name}: {value}" for name, value in facts.items())
    opened = devices.select(device)
    yield f"runtime is taken with: {opened.clock}"
    yield f"memory is: {opened.memory_kind}"
    yield f"entries are isolated by: {jail.chosen().level}"
