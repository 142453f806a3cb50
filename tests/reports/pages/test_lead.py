"""What stands above the table: who leads, in one sentence."""

from dataclasses import replace

import pytest

from harness.ranking.leaderboard import Leaderboard, of_run
from harness.records import Certainty
from reports.pages.index import _lead
from reports.pages.templates import breakable, prose
from tests.support.runs import made


def certain(ranks: list[tuple[int, int]]) -> Leaderboard:
    board = of_run(made(3, 4))
    track = board.protocol.main_track
    assert track
    rows = (
        replace(row, certainties={track.name: Certainty(ranks=both, ahead=0.999)})
        for row, both in zip(board.rows, ranks, strict=True)
    )
    return replace(board, rows=tuple(rows))


def test_the_first_leads() -> None:
    assert _lead(certain([(1, 1), (2, 3), (2, 3)])) == (
        "ByteESR (score 1) leads, surely ahead (> 99 %); next is NJU_Jet (2)."
    )


def test_a_tie_is_shared() -> None:
    assert _lead(certain([(1, 2), (1, 2), (3, 3)])) == (
        "ByteESR (score 1) and NJU_Jet (score 2) share the lead: this run does not tell them apart."
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("by `a < b`, `c`", "by <code>a &lt; b</code>, <code>c</code>"),
        ("a ` alone <b>", "a ` alone &lt;b&gt;"),
        ("", ""),
    ],
)
def test_backticks_are_code(text: str, shown: str) -> None:
    assert prose(text) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("VMCL_Taobao", "VMCL_<wbr>Taobao"),
        ("a/b-c", "a/<wbr>b-<wbr>c"),
        ("_ <b> -1", "_ &lt;b&gt; -1"),
    ],
)
def test_names_break_at_their_joints(name: str, shown: str) -> None:
    assert breakable(name) == shown
