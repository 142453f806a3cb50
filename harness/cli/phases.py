"""What may stand after `score` and `codabench`: the phases in which teams upload."""

from pathlib import Path
from typing import Any

from harness.cli.options import add_protocol, dates, names, positive, run_by

_IMAGE = "pytorch/pytorch:2.7.1-cuda12.8-cudnn9-runtime"  # Python 3.11, numpy, Pillow


def add(commands: Any) -> None:
    """Add `score` and `codabench`."""
    score = commands.add_parser("score", help="score SR images without the code that made them")
    score.add_argument("upload", type=Path, metavar="DIR|ZIP", help="the SR images, and a readme")
    add_protocol(score, default="ntire2026")
    score.add_argument(
        "--data", type=Path, required=True, help="folder of the protocol's image folders"
    )
    score.add_argument("--split", default="", metavar="NAME", help="(default: the first one)")
    score.add_argument("--scale", type=positive, help="of a protocol of several scales")
    score.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    score.set_defaults(command=run_by("score"))

    codabench = commands.add_parser("codabench", help="the phases of a challenge on Codabench")
    kinds = codabench.add_subparsers(required=True, metavar="WHAT", dest="what")
    bundle = kinds.add_parser("bundle", help="all that opens a competition, from a protocol")
    bundle.add_argument("protocol", metavar="PROTOCOL", help="an edition, by name or file")
    bundle.add_argument(
        "--data", type=Path, required=True, help="folder of the protocol's image folders"
    )
    bundle.add_argument("--out", type=Path, required=True, help="a new folder; OUT.zip beside it")
    bundle.add_argument("--scale", type=positive, help="of a protocol of several scales")
    bundle.add_argument(
        "--phases",
        type=names,
        default=(),
        metavar="dev,test",
        help="splits in their order; dev is the first one (default: every split)",
    )
    bundle.add_argument(
        "--dates",
        type=dates,
        default=(),
        metavar="2026-02-01,2026-03-10,2026-03-17",
        help="UTC: when each phase begins, and when the last ends (default: today, 30 days each)",
    )
    bundle.add_argument("--image", default=_IMAGE, help=f"Docker image (default: {_IMAGE})")
    bundle.add_argument(
        "--code",
        action="store_true",
        help="teams upload code, which runs on a GPU queue; name an "
        "--image that has the harness's packages",
    )
    bundle.add_argument(
        "--lr-link", default="", metavar="URL", help="where the LR images are, in place of a copy"
    )
    pull = kinds.add_parser("pull", help="a phase's exported leaderboard, claims beside figures")
    pull.add_argument("leaderboard", type=Path, metavar="LEADERBOARD.csv")
    pull.add_argument("--split", default="valid", metavar="NAME", help="(default: valid)")
    pull.add_argument(
        "--measured", type=Path, metavar="OUT|TABLE.csv", help="what the harness measured"
    )
    pull.add_argument(
        "--to",
        type=Path,
        default=Path("codabench.csv"),
        metavar="TABLE.csv",
        help="a table for `rank` and `compare` (default: codabench.csv)",
    )
    codabench.set_defaults(command=run_by("codabench"))
