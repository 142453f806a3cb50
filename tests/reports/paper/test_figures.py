"""Figures for print: what they draw, and that their bytes repeat."""

import re
from dataclasses import replace
from pathlib import Path

from reports.paper import figures
from reports.paper.columns import COSTS
from reports.paper.figures import Bubble
from reports.paper.layout import build
from reports.paper.methods import Method, Quantity
from reports.paper.table import Choice, PaperTable

PARAMS, FLOPS = Quantity("params"), Quantity("flops", "1280x720")
SET5 = Quantity("psnr_y_db", "Set5")


def table() -> PaperTable:
    small = Method("Small", 4, values={PARAMS: 0.5e6, FLOPS: 3e9, SET5: 30.5})
    costed = Method("Large", 4, values={PARAMS: 5e6, FLOPS: 90e9})
    return build(
        [
            small,
            costed,  # its checkpoint is not there: its PSNR is the published one
            Method("Large", 4, "paper", {FLOPS: 80e9, SET5: 32.5}),
            Method("Nowhere", 4, values={FLOPS: 1e9}),
            Method("Other $x$", 4, "paper", {FLOPS: 9e9, SET5: 31.5}),
        ],
        Choice(),
    )


def test_a_bubble_is_measured_as_far_as_it_can_be() -> None:
    (block,) = table().blocks
    assert figures.bubbles_of(block, "Set5", COSTS["flops"], COSTS["params"]) == [
        Bubble("Small", 3.0, 30.5, 0.5, published=False),
        Bubble("Other $x$", 9.0, 31.5, None, published=True),
        Bubble("Large", 90.0, 32.5, 5.0, published=True),
    ]


def test_the_front_is_of_those_that_no_other_beats() -> None:
    figured = [(3.0, 30.0), (1.0, 29.0), (2.0, 28.0), (1.0, 28.5), (9.0, 30.0), (5.0, 31.0)]
    bubbles = [Bubble("", cost, psnr, None, published=False) for cost, psnr in figured]
    assert figures.pareto_front(bubbles) == [(1.0, 29.0), (3.0, 30.0), (5.0, 31.0)]


def test_figures_are_a_column_wide_and_their_bytes_repeat(tmp_path: Path) -> None:
    once, again = (
        figures.write(table(), "flops", "params", tmp_path / folder, "a") for folder in ("1", "2")
    )
    assert [file.name for file in once] == ["a_flops_x4_Set5.pdf", "a_flops_x4_Set5.svg"]
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in again]
    pdf, svg = (file.read_bytes() for file in once)
    assert re.search(rb"/MediaBox \[ 0 0 (\S+) ", pdf)[1] == b"234"  # 3.25 inches of 72 points
    assert b'width="234pt"' in svg
    assert b"STIXGeneral" in pdf
    assert b"Date" not in pdf + svg


def test_one_method_makes_no_figure(tmp_path: Path) -> None:
    (block,) = table().blocks
    alone = replace(table(), blocks=(replace(block, groups=block.groups[:1]),))
    assert figures.write(alone, "flops", "params", tmp_path, "a") == []
    assert figures.write(table(), "latency", "params", tmp_path, "a") == []
