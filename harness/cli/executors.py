"""Who does the units of a run, as the command line names them."""

import argparse
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

from harness.errors import InputError
from harness.evaluation.cluster import Cluster
from harness.evaluation.executors import Executor, Local, Serial
from harness.evaluation.slurm import Settings
from harness.records.schema import SchemaError, from_table
from harness.worker import devices

DEFAULTS = Path("~/.config/esr-harness/slurm.toml")


def device(options: argparse.Namespace) -> str:
    """Return the device that the run is measured on; a cluster's nodes know theirs."""
    if options.executor != "slurm":
        return devices.resolve(options.device)
    if options.device != "auto":
        return str(options.device)
    return "cuda" if "gpu" in _settings(options).gres else "cpu"


def executor(options: argparse.Namespace, out: Path) -> Executor:
    """Return the executor that `options` ask for. Raises InputError where they contradict."""
    if options.executor == "slurm":
        return Cluster(_settings(options), out, detach=options.detach, cancels=_cancels)
    named = options.executor or ("local" if options.devices or options.jobs else "serial")
    if named == "serial":
        if options.devices or options.jobs:
            raise InputError("--executor serial does one unit after another, on --device alone")
        return Serial()
    own = options.devices or (options.device,)
    return Local([devices.resolve(one) for one in own], options.jobs or len(own))


def _settings(options: argparse.Namespace) -> Settings:
    """Read the user's defaults, and what the command line says otherwise."""
    file = DEFAULTS.expanduser()
    named = {one.name: getattr(options, one.name, None) for one in fields(Settings)}
    given = {name: value for name, value in named.items() if value is not None}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        others = from_table(Settings, table).slurm | dict(options.slurm)
        return from_table(Settings, table | given | {"slurm": others})
    except (tomllib.TOMLDecodeError, SchemaError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: {error}") from None


def _cancels(tasks: int) -> bool:
    """Ask once whether the jobs are to be cancelled; where nobody can answer, they are left."""
    if not sys.stdin.isatty():
        return False
    question = f"\nCancel the {tasks} tasks of this run? Else they go on. [y/N] "
    try:
        return input(question).strip().lower() in ("y", "yes")
    except (KeyboardInterrupt, EOFError):
        return False
