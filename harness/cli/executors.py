"""Who does the units of a run, as the command line names them."""

import argparse
import sys
import tomllib
from dataclasses import fields
from hashlib import sha256
from pathlib import Path

from harness import cli
from harness.errors import InputError
from harness.evaluation.cluster import Cluster
from harness.evaluation.executors import Executor, Local, Serial
from harness.evaluation.slurm import LOG, Jobs, Settings
from harness.records.schema import SchemaError, from_table
from harness.store import lock
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
        return Cluster(_settings(options), out, _cancels)
    named = options.executor or ("local" if options.devices or options.jobs else "serial")
    if named == "serial":
        if options.devices or options.jobs:
            raise InputError("--executor serial does one unit after another, on --device alone")
        return Serial()
    own = options.devices or (options.device,)
    return Local([devices.resolve(one) for one in own], options.jobs or len(own))


def detached(options: argparse.Namespace, out: Path) -> str:
    """Leave the run to a job of the cluster; return what is to be said of it.

    Raises InputError where a run is at work in `out`, or Slurm takes no job.
    """
    if options.executor != "slurm":
        raise InputError(
            "--detach leaves a run to a cluster; give --executor slurm, or leave it out"
        )
    name = f"esr-run-{sha256(str(out.resolve()).encode()).hexdigest()[:12]}"
    jobs = Jobs(name, out.resolve() / "jobs", _settings(options), exclusive=False)
    log = cli.quoted(jobs.folder / LOG)
    with lock.held(out):
        if (queue := jobs.queue()) and queue.alive:
            return f"A job {name} is at this run already; it writes to {log}."
        number = jobs.detach([sys.executable, sys.argv[0], *options.typed, "--no-detach"])
    return (
        f"Job {number}, {name}, makes the run and writes to {log}. When it has ended, the same "
        "command without --detach shows the leaderboard, or goes on where it stopped."
    )


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
    print(question, end="", file=sys.stderr, flush=True)
    try:
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except KeyboardInterrupt:
        return False
