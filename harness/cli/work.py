"""What may be typed of where the work of a run is done."""

import argparse

from harness.cli.options import names, positive, setting


def add(run: argparse.ArgumentParser) -> None:
    """Add the executors and their options."""
    group = run.add_argument_group("where the work is done")
    group.add_argument(
        "--executor",
        choices=("serial", "local", "slurm"),
        help="one entry after another, several devices of this machine at once, or a Slurm "
        "cluster, with defaults from ~/.config/esr-harness/slurm.toml",
    )
    group.add_argument(
        "--devices", type=names, default=(), metavar="cuda:0,cuda:1", help="of `local`, of one kind"
    )
    group.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="entries evaluated at once, tasks of `slurm`; timing has a device to itself",
    )
    for name, what in (
        ("partition", "the nodes to use"),
        ("gres", "a task's GPU, e.g. gpu:1"),
        ("constraint", "a feature of the nodes, e.g. a100: times compare on one GPU model"),
    ):
        group.add_argument(f"--{name}", help=f"of `slurm`: {what}")
    group.add_argument(
        "--exclusive",
        action=argparse.BooleanOptionalAction,
        help="of `slurm`: no other job on a node that times (default: yes)",
    )
    group.add_argument(
        "--job-minutes", type=positive, metavar="M", help="of `slurm` (default: 240)"
    )
    group.add_argument(
        "--slurm",
        type=setting,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any other option of sbatch, e.g. mem=16G",
    )
    group.add_argument(
        "--detach",
        action=argparse.BooleanOptionalAction,
        help="of `slurm`: leave the run to a job; the same command shows its end (default: no)",
    )
