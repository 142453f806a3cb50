"""What may stand on the command line of `submissions`: what teams handed in."""

from pathlib import Path
from typing import Any

from harness.cli.options import (
    add_device,
    add_protocol,
    add_time_limit,
    add_weights,
    run_by,
)


def add(commands: Any) -> None:
    """Add `submissions status`."""
    submissions = commands.add_parser("submissions", help="what teams handed in")
    kinds = submissions.add_subparsers(required=True, metavar="status", dest="what")
    status = kinds.add_parser(
        "status", help="each team's folder or ZIP file: digest, date, the verdict of `check`"
    )
    status.add_argument("folder", type=Path, metavar="FOLDER", help="of folders and ZIP files")
    add_protocol(status, default="ntire2026")
    status.add_argument("--csv", type=Path, metavar="FILE", help="the same as a CSV table, there")
    status.add_argument(
        "--anonymous",
        action="store_true",
        help="ids in place of names; FOLDER/anonymous-ids.csv keeps whose they are",
    )
    status.add_argument(
        "--fresh", action="store_true", help="check again what was checked with these files before"
    )
    add_weights(status)
    add_device(status)
    add_time_limit(status)
    # what `check` takes beside: no data, so neither PSNR nor a clock
    given = {"data": None, "quick": True, "rounds": None, "sweeps": None, "json": True}
    status.set_defaults(command=run_by("intake"), no_stand_ins=False, **given)
