"""What the figures draw, read from their SVG."""

import re
from dataclasses import replace

from harness.ranking.leaderboard import Leaderboard, of_run
from harness.records import Run
from reports.pages.figures import differences_db
from reports.pages.figures import of_run as draw
from reports.pages.plots import Drawn
from tests.support.runs import HOSTILE, made


def drawn(run: Run, leaderboard: Leaderboard | None = None) -> dict[str, Drawn]:
    return {figure.title: figure for figure in draw(run, leaderboard or of_run(run))}


def titles(figure: Drawn) -> list[str]:
    return re.findall(r"<title>(.*?)</title>", figure.svg, re.DOTALL)


def test_every_entry_is_a_point_or_is_named_below() -> None:
    figures = drawn(made(45, 4))
    assert list(figures) == [
        "PSNR on valid against runtime",
        "PSNR on test against runtime",
        "Runtime against FLOPs",
        "Runtime against image size",
        "PSNR against the baseline, image by image",
    ]
    assert len(titles(figures["Runtime against FLOPs"])) == 45
    quality = figures["PSNR on valid against runtime"]
    far = quality.caption.partition("Far below and not drawn: ")[2]
    assert far.startswith("Virtual_Reality Team (27.35 dB), NTU607QCO-ESR (27.79 dB)")
    assert len(titles(quality)) + far.count(" dB)") == 45


def test_intervals_are_drawn_where_the_run_has_them() -> None:
    run = made(4, 4)
    board = of_run(run)
    assert "Intervals of runtime" not in drawn(run, board)
    rows = []
    for row in board.rows:
        value = row.figures.metrics["runtime_ms"]
        interval = {"runtime_ms_low": value - 1, "runtime_ms_high": value + 2}
        rows.append(replace(row, columns=row.columns | interval))
    figure = drawn(run, replace(board, rows=tuple(rows)))["Intervals of runtime"]
    assert len(titles(figure)) == 4
    shown = [
        re.fullmatch(r"(\w+): ([\d.]+) ms, ([\d.]+) to ([\d.]+) ms", t) for t in titles(figure)
    ]
    for match in shown:
        value, low, high = (float(match[i]) for i in (2, 3, 4))
        assert (round(value - low, 2), round(high - value, 2)) == (1.0, 2.0)
    assert {match[1] for match in shown} == {"ByteESR", "NJU_Jet", "NEESR", "Super"}


def test_names_stay_text_in_figures() -> None:
    for figure in drawn(made(45, 4, names=HOSTILE)).values():
        assert "<script" not in figure.svg
        assert "<img" not in figure.svg
        assert "\x1b" not in figure.svg
    assert any("$\\alpha$" in figure.svg for figure in drawn(made(45, 4, names=HOSTILE)).values())


def test_a_run_with_one_entry_or_no_measurement_has_no_scatter() -> None:
    run = made(1, 4)
    assert not any("against runtime" in title for title in drawn(run))
    bare = replace(run.entries[0], inspection=None, timing=None, scores=())
    assert drawn(replace(run, entries=(bare, bare))) == {}


def test_differences_to_the_baseline() -> None:
    one, other = made(2, 4).entries
    found = differences_db(one, other)
    pairs = zip(one.scores, other.scores, strict=True)
    assert list(found.values()) == [a.fidelity.psnr_db - b.fidelity.psnr_db for a, b in pairs]
    perfect = replace(other.scores[0].fidelity, psnr_db=float("inf"))
    other = replace(other, scores=(replace(other.scores[0], fidelity=perfect), *other.scores[1:]))
    assert list(found)[1:] == list(differences_db(one, other))
