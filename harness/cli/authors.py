"""What may stand on the command line for `table` and `strip`, the commands of authors."""

from pathlib import Path
from typing import Any

from harness.cli.options import add_target, box, names, numbers, run_by


def add(commands: Any) -> None:
    """Add `table` and `strip`."""
    table = commands.add_parser(
        "table", help="the benchmark table of a paper, from runs and published figures"
    )
    table.add_argument("outs", nargs="*", type=Path, metavar="OUT", help="folders of runs")
    table.add_argument(
        "--published",
        nargs="+",
        default=[],
        metavar="NAME",
        help="set figures of papers beside them: dlgsanet, esc, lgvan, baselines, or FILE.csv",
    )
    table.add_argument(
        "--datasets", type=names, default=(), metavar="Set5,Set14", help="only these, in order"
    )
    table.add_argument("--scales", type=numbers, default=(), metavar="2,3,4", help="only these")
    table.add_argument(
        "--baseline", default="", metavar="METHOD", help="latency and memory as ratios to it"
    )
    costs = ("params", "flops", "activations", "latency", "memory")
    table.add_argument(
        "--sort",
        choices=costs,
        default="flops",
        help="order methods by this cost (default: flops)",
    )
    table.add_argument(
        "--tolerance",
        default="",
        metavar="METRIC=T,...",
        help="report figures that differ by more, e.g. psnr_y_db=0.01,params=1%%",
    )
    table.add_argument(
        "--format",
        type=names,
        default=("md",),
        metavar="FORMATS",
        help="of latex,md,html,csv (default: md)",
    )
    table.add_argument(
        "--marks",
        choices=("colour", "bold"),
        default="colour",
        help="best red and second best blue, or bold and underlined",
    )
    table.add_argument(
        "--figures",
        nargs="+",
        choices=costs,
        default=[],
        metavar="COST",
        help="draw PSNR against these costs, in PDF and SVG",
    )
    table.add_argument(
        "--bubbles",
        choices=costs,
        default="params",
        help="what the bubbles of the figures show (default: params)",
    )
    add_target(table)
    table.add_argument("--name", default="benchmark", help="of the files (default: benchmark)")
    table.set_defaults(command=run_by("table"))

    strip = commands.add_parser("strip", help="a box of one image as every method restores it")
    strip.add_argument("outs", nargs="+", type=Path, metavar="OUT", help="runs with --keep-sr")
    strip.add_argument(
        "--image", required=True, metavar="Set5/img_003", help="data set and name of the image"
    )
    strip.add_argument(
        "--box", required=True, type=box, metavar="X,Y,W,H", help="HR pixels from the top left"
    )
    strip.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    strip.add_argument(
        "--methods", type=names, default=(), metavar="A,B", help="only these, in this order"
    )
    add_target(strip)
    strip.set_defaults(command=run_by("strip"))
