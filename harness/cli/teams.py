"""What may stand on the command line of the commands for teams, in the order they come to them."""

from pathlib import Path
from typing import Any

from harness.cli.options import (
    PATH_HELP,
    add_device,
    add_limits,
    add_protocol,
    add_repository,
    add_time_limit,
    add_weights,
    positive,
    run_by,
    whole,
)

_ONE_PATH_HELP = "a submission folder, or an official repository with the id in --ids"


def add(commands: Any) -> None:
    """Add `init`, `check`, `profile`, `pack` and `export`."""
    _add_init(commands)
    _add_check(commands)
    _add_profile(commands)

    pack = commands.add_parser("pack", help="the archive to hand in, with digests")
    pack.add_argument("paths", nargs="+", type=Path, metavar="PATH", help=PATH_HELP)
    pack.add_argument("--to", type=Path, default=Path("packed"), help="(default: packed)")
    pack.set_defaults(command=run_by("pack"))

    export = commands.add_parser("export", help="an entry of a clone of the official repository")
    export.add_argument("path", type=Path, metavar="PATH", help="a submission folder")
    export.add_argument("repository", type=Path, metavar="REPOSITORY", help="your clone of it")
    export.add_argument("--id", type=whole, required=True, help="the organisers gave you")
    export.set_defaults(command=run_by("export"))


def _add_init(commands: Any) -> None:
    init = commands.add_parser(
        "init", help="a submission.toml from a model file and its checkpoint"
    )
    init.add_argument("model", type=Path, metavar="MODEL.py", help="file of the network")
    init.add_argument("checkpoint", type=Path, metavar="WEIGHTS.pth")
    init.add_argument("--to", type=Path, metavar="DIR", help="folder (default: the model's)")
    init.add_argument("--factory", metavar="CLASS", help="(default: the file's outermost network)")
    init.add_argument("--scale", type=positive, help="(default: as the last convolution shows)")
    init.add_argument(
        "--arguments", nargs="+", default=[], metavar="NAME=VALUE", help="of the factory"
    )
    init.set_defaults(command=run_by("init"))


def _add_check(commands: Any) -> None:
    check = commands.add_parser("check", help="a team's pre-flight: is it ready, how would it rank")
    check.add_argument("paths", nargs="+", type=Path, metavar="PATH", help=PATH_HELP)
    add_protocol(check, default="ntire2026")
    check.add_argument(
        "--data", type=Path, help="folder of the protocol's image folders: PSNR, then timing"
    )
    check.add_argument("--quick", action="store_true", help="stop before timing")
    check.add_argument(
        "--rounds",
        type=whole,
        help="timed visits, without --data of one generated image (default: 3 with --data)",
    )
    check.add_argument("--sweeps", type=positive, help="timed passes over all images in a visit")
    check.add_argument("--json", action="store_true", help="print the verdict as JSON instead")
    add_weights(check)
    add_device(check)
    add_time_limit(check)
    add_repository(check)
    add_limits(check)
    check.set_defaults(command=run_by("check"))


def _add_profile(commands: Any) -> None:
    profile = commands.add_parser(
        "profile", help="where a submission's time goes, and what if it ran in another way"
    )
    profile.add_argument("path", type=Path, metavar="PATH", help=_ONE_PATH_HELP)
    add_protocol(profile, default="ntire2026")
    profile.add_argument("--data", type=Path, help="folder of the protocol's image folders")
    add_weights(profile)
    profile.add_argument("--out", type=Path, help="folder of the page (default: profiles/NAME)")
    add_device(profile)
    profile.add_argument(
        "--images",
        type=positive,
        default=3,
        metavar="N",
        help="of --data, the first N images of the first split that is there (default: 3)",
    )
    profile.add_argument(
        "--sweeps",
        type=positive,
        default=10,
        metavar="N",
        help="timed passes over all images (default: 10)",
    )
    add_time_limit(profile)
    add_repository(profile)
    profile.set_defaults(command=run_by("profile"))
