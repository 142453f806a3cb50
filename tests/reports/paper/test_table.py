"""The benchmark table: measured rows beside published ones."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cli import OK, UNUSABLE, main
from harness.errors import InputError
from harness.ranking.leaderboard import of_run
from harness.records import CostImage, Inspection
from harness.store.runs import save_run
from reports import paper
from reports.paper.differences import Tolerance, parse
from reports.paper.layout import build
from reports.paper.methods import Quantity, key_of, of_published, of_run_rows
from reports.paper.published import read_published
from reports.paper.table import Choice, Line, PaperTable
from tests.support.compiled import faults
from tests.support.methods import (
    FLOPS,
    LATENCY,
    PARAMS,
    measured,
    published,
    table_of_everything,
)
from tests.support.runs import made


def shown(table: PaperTable, scale: int = 4) -> dict[str, Line]:
    (block,) = (block for block in table.blocks if block.scale == scale)
    return {line.full_name: line for line in block.lines}


def test_names_meet_whatever_their_spelling() -> None:
    assert key_of("DLGSANet-tiny x4") == key_of("dlgsanet tiny") == "dlgsanettiny"
    assert key_of("ESC+ x2") != key_of("ESC x2")


def test_rows_are_sorted_by_cost_with_published_ones_below_their_method() -> None:
    methods = [
        measured("Big", flops=9e9),
        measured("Unknown", params=1e6),
        measured("Small", flops=2e9),
        published("Middle", flops=5e9),
        published("big", flops=9.01e9),
        published("Big", kind="retrained", flops=9e9),
    ]
    names = [line.full_name for line in build(methods, Choice()).blocks[0].lines]
    assert names == ["Small", "Middle (paper)", "Big", "big (paper)", "Big (retrained)", "Unknown"]


def test_best_and_second_best_are_marked_once_per_method() -> None:
    methods = [
        measured("A", set5=32.004),
        published("A", set5=32.5),  # stands beside its measured row, takes no mark
        measured("B", set5=31.0),
        published("C", set5=32.001),  # prints as A does
        measured("D", set5=30.0),
    ]
    lines = shown(build(methods, Choice()))
    marks = {name: line.cells[0].mark for name, line in lines.items()}
    assert marks == {"A": "best", "A (paper)": "", "B": "second", "C (paper)": "best", "D": ""}


def test_differences_are_printed_small_and_listed_beyond_the_tolerance() -> None:
    methods = [
        measured("A", params=990e3, flops=1.004e9, set5=32.53, latency=5.0),
        published("A", params=1000e3, flops=1e9, set5=32.50, latency=50.0),
    ]
    table = build(methods, Choice())
    small = [cell.small for cell in shown(table)["A (paper)"].cells]
    assert small == ["−1.0 %", "+0.4 %", "", "+0.03"]  # latency is another device's
    assert [str(one) for one in table.exceeding] == [
        "×4 A, Params [M]: measured 0.990, paper 1.000 (−1.0 %, tolerance 0.5 %)",
        "×4 A, Set5 PSNR: measured 32.53, paper 32.50 (+0.03, tolerance 0.02)",
    ]
    assert table.summary == "2 of 3 compared figures differ beyond the tolerance."
    loose = build(methods, Choice(tolerances=parse("psnr_y_db=0.05,params=2%,latency_ms=1%")))
    assert [one.column.quantity for one in loose.exceeding] == [LATENCY]


@pytest.mark.parametrize("text", ["psnr=1", "ssim_y", "ssim_y=low", "params=-1%", "flops=inf"])
def test_a_tolerance_that_is_none(text: str) -> None:
    with pytest.raises(InputError, match="tolerance"):
        parse(text)


def test_a_tolerance_on_top_of_the_usual_ones() -> None:
    assert parse("ssim_y=1e-4")["ssim_y"] == Tolerance(1e-4)
    assert parse(" params = 2% ,")["params"] == Tolerance(0.02, relative=True)
    assert parse("")["psnr_y_db"] == Tolerance(0.02)


def test_ratios_relate_figures_of_one_device() -> None:
    methods = [
        measured("Slow", flops=9e9, latency=37.0),
        measured("Fast", flops=1e9, latency=10.0),
        measured("Slower", flops=10e9, latency=74.0),
        published("Slow", flops=9e9, latency=8.0),
        published("Other", flops=2e9, latency=2.0),  # of another paper
    ]
    table = build(methods, Choice(baseline="slow"))
    assert [column.label for column in table.columns][1:] == ["Latency [ms]", "Latency ratio"]
    ratios = {name: line.cells[2].text for name, line in shown(table).items()}
    assert ratios == {
        "Fast": "3.7×",
        "Other (paper)": "–",
        "Slow": "1.0×",
        "Slow (paper)": "1.0×",
        "Slower": "0.50×",
    }
    with pytest.raises(InputError, match="no method is called Nobody; there are Slow, Fast"):
        build(methods, Choice(baseline="Nobody"))


def test_times_of_several_devices_stand_side_by_side() -> None:
    methods = [
        replace(measured("A", flops=2e9, set5=32.0, latency=20.0), device="CPU"),
        replace(measured("B", flops=1e9, set5=31.0, latency=10.0), device="CPU"),
        replace(measured("A", flops=2e9, set5=32.0, latency=2.0), device="GPU"),
        published("A", set5=32.0, latency=7.0),
    ]
    table = build(methods, Choice(baseline="A"))
    headings = ["Latency [ms], CPU", "Latency ratio, CPU", "Latency [ms], GPU"]
    headings += ["Latency ratio, GPU", "Latency [ms], as published"]
    headings += ["Latency ratio, as published"]
    assert [column.label for column in table.columns] == ["FLOPs [G]", *headings, "Set5 PSNR"]
    texts = {name: [cell.text for cell in line.cells] for name, line in shown(table).items()}
    assert texts == {
        "B": ["1.0", "10.0", "2.0×", "–", "–", "–", "–", "31.00"],
        "A": ["2.0", "20.0", "1.0×", "2.0", "1.0×", "–", "–", "32.00"],
        "A (paper)": ["–", "–", "–", "–", "–", "7.0", "1.0×", "32.00"],
    }
    by_latency = build(methods, Choice(sort="latency"))
    assert list(shown(by_latency)) == ["B", "A", "A (paper)"]


def test_a_ratio_to_what_has_no_figure_is_no_column() -> None:
    methods = [measured("A", flops=1e9), measured("B", flops=2e9, latency=5.0)]
    labels = [column.label for column in build(methods, Choice(baseline="A")).columns]
    assert labels == ["FLOPs [G]", "Latency [ms]"]


def test_unfinished_scales_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = made(2, 4)
    for scale, unfinished in ((2, ""), (4, "1 of 2 entries are evaluated")):
        edition = replace(run.protocol, scale=scale)
        folder = tmp_path / "out" / f"x{scale}"
        save_run(folder, replace(run, protocol=edition, unfinished=unfinished))
    (tmp_path / "out" / "x3").mkdir()
    assert main(["table", str(tmp_path / "out"), "--to", str(tmp_path)]) == OK
    said = ["×4 is not finished: 1 of 2 entries are evaluated."]
    said += ["×3 is not finished: nothing is measured yet."]
    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if "not finished" in line] == said
    assert " ".join(said) in (tmp_path / "benchmark.md").read_text()


def test_missing_figures_say_why() -> None:
    methods = [
        measured("A", flops=1e9),
        published("A", set5=32.5),
        measured("B", flops=2e9),
        measured("C", params=1, set5=30.0),
    ]
    table = build(methods, Choice(datasets=["Set5"]))
    lines = shown(table)

    def why(name: str, column: int) -> str:
        note = lines[name].cells[column].note
        return table.notes[note - 1] if note else ""

    assert lines["A"].cells[2].text == "–"
    assert why("A", 2) == "checkpoint not available; published value"
    assert why("B", 2) == "checkpoint not available"
    assert why("C", 1) == "not measured in this run"
    assert why("A (paper)", 1) == ""
    assert "A dash on a published row: not among the published figures at hand." in table.remarks
    assert [table.notes[note - 1] for note in lines["A (paper)"].notes] == ["source: paper of A"]


def test_what_is_chosen_must_be_there() -> None:
    methods = [measured("A", set5=32.5), published("B", 2, set5=38.0)]
    assert [block.scale for block in build(methods, Choice()).blocks] == [4]
    assert [block.scale for block in build(methods, Choice(scales=[4, 2])).blocks] == [2, 4]
    with pytest.raises(InputError, match="nothing of scale 3 is there; there is 2, 4"):
        build(methods, Choice(scales=[3]))
    with pytest.raises(InputError, match="no PSNR-Y of data set B100 is there; data sets: Set5"):
        build(methods, Choice(datasets=["B100"]))
    with pytest.raises(InputError, match="nothing to show; name"):
        build([], Choice())


def test_a_run_gives_its_rows() -> None:
    run = made(3, 4)
    first, second, third = run.entries
    assert isinstance(first.inspection, Inspection)
    bare = replace(first, inspection=replace(first.inspection, complete=False), scores=())
    skipped = replace(third, status="skipped")
    rows = {row.name: row for row in of_run_rows(replace(run, entries=(bare, second, skipped)))}
    assert list(rows) == [first.name, second.name]
    assert rows[second.name].values[PARAMS] == 341000
    valid = Quantity("psnr_y_db", "valid")
    assert rows[second.name].values[valid] == pytest.approx(29.00 + 1.4)
    assert valid not in rows[first.name].values
    assert rows[first.name].missing == (
        "checkpoint not available (it names no published checkpoint: its manifest has no url and "
        "sha256 under [weights]; ask its authors, see its factsheet)"
    )
    assert rows[second.name].device == "A made-up GPU"


@pytest.mark.parametrize("marks", ["colour", "bold"])
def test_the_latex_compiles_without_a_warning(marks: str, tmp_path: Path) -> None:
    files = paper.write(table_of_everything(), ["latex"], tmp_path, "benchmark", marks)
    assert faults(files, "textcomp,booktabs,graphicx,xcolor", tmp_path) == []


def test_the_latex_of_a_block() -> None:
    methods = [
        measured("A_1", flops=1e9, set5=32.5),
        published("A_1", set5=32.4),
        measured("B", flops=2e9, set5=31.0),
    ]
    lines = paper.latex.text(build(methods, Choice()), "bold").splitlines()
    assert lines[4:12] == [
        r"\toprule",
        r" &  &  & \multicolumn{2}{c}{Set5} \\",
        r"\cmidrule(lr){4-5}",
        r"Scale & Method & FLOPs [G] & \multicolumn{2}{r}{PSNR} \\",
        r"\midrule",
        # figures end in one column, whatever stands in small print behind them
        r"$\times4$ & A\_1 & 1.0 & \textbf{32.50} &  \\",
        r"$\times4$ & A\_1 (paper)\textsuperscript{1} & -- & "
        r"32.40 & {\scriptsize (+0.10)} \\",
        r"$\times4$ & B & 2.0 & \underline{31.00} &  \\",
    ]
    assert lines[-1] == (
        "% differs: ×4 A_1, Set5 PSNR: measured 32.50, paper 32.40 (+0.10, tolerance 0.02)"
    )
    coloured = paper.latex.text(build(methods, Choice()), "colour")
    # nor by colour alone
    assert r"\textcolor{red}{\textbf{32.50}}" in coloured
    assert r"\textcolor{blue}{\underline{31.00}}" in coloured


def test_markdown_has_as_many_cells_in_every_line() -> None:
    lines = paper.markdown.text(table_of_everything()).splitlines()
    counts = {len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")}
    assert len(counts) == 1
    assert not any(re.search(r"<(script|img)", line) for line in lines)
    assert any(line.startswith("- ×2 ESC, Params \\[M\\]: measured 0.947") for line in lines)


def test_the_page_holds_names_as_text(tmp_path: Path) -> None:
    (page,) = paper.write(table_of_everything(), ["html"], tmp_path, "benchmark", "colour")
    text = page.read_text()
    assert "<script>document.title" not in text
    assert '<span class="best">30.70</span>' in text


def test_csv_is_read_as_published_figures(tmp_path: Path) -> None:
    table = table_of_everything()
    (file,) = paper.write(table, ["csv"], tmp_path, "benchmark", "colour")
    again = of_published(read_published(file))
    assert {(m.name, m.scale, m.kind): m.values for m in again} == {
        (m.name, m.scale, m.kind or "measured"): m.values
        for block in table.blocks
        for group in block.groups
        for m in group
    }


def test_costs_of_a_run_are_of_the_image_that_its_protocol_states() -> None:
    run = made(1, 4)
    (of_input,) = of_run_rows(run)
    assert Quantity("flops", "256x256") in of_input.values
    assert not {quantity for quantity in of_input.values if quantity.metric == "latency_ms"}
    edition = replace(run.protocol, complexity=CostImage(output=(720, 1280)))
    (of_output,) = of_run_rows(replace(run, protocol=edition))
    (row,) = of_run(run).rows
    assert of_output.values[FLOPS] == row.columns["flops"]
    assert of_output.values[LATENCY] == row.columns["runtime_ms"]
    assert of_output.values[Quantity("memory_mib", "1280x720")] == row.figures.metrics["memory_mib"]


def test_a_latency_of_several_rounds_has_its_interval() -> None:
    run = made(1, 4)
    (entry,) = run.entries
    (made_visit,) = entry.timing.visits
    slower = {"valid": ((2.0,),), "test": ((2.0,),)}
    visits = [
        made_visit,
        replace(made_visit, round=2, visit=replace(made_visit.visit, samples_ms=slower)),
    ]
    timed = replace(entry, timing=replace(entry.timing, visits=tuple(visits)))
    edition = replace(run.protocol, complexity=CostImage(output=(720, 1280)))
    (method,) = of_run_rows(replace(run, protocol=edition, entries=(timed,)))
    (row,) = of_run(replace(run, entries=(timed,))).rows
    width = row.columns["runtime_ms_high"] - row.columns["runtime_ms_low"]
    assert method.spread == {LATENCY: width / 2}


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = made(2, 4)
    for scale in (2, 4):
        scaled = replace(run, protocol=replace(run.protocol, scale=scale))
        save_run(tmp_path / "out" / f"x{scale}", scaled)
    given = ["table", str(tmp_path / "out"), "--to", str(tmp_path)]
    paper_csv = tmp_path / "mine.csv"
    paper_csv.write_text(
        "method,variant,scale,kind,dataset,metric,value,source\n"
        "ByteESR,,4,paper,valid,psnr_y_db,30.00,Table 1\n"
    )
    formats = ["--format", "latex,md,html,csv", "--figures", "params"]
    assert main([*given, "--published", "lgvan", str(paper_csv), *formats]) == OK
    told = capsys.readouterr().out
    assert "×4 ByteESR, valid PSNR: measured 30.40, paper 30.00 (+0.40, tolerance 0.02)" in told
    assert "Figure: " in told
    made_files = {file.name for file in tmp_path.glob("benchmark*")}
    assert {f"benchmark.{suffix}" for suffix in ("tex", "md", "html", "csv")} <= made_files
    assert main([*given, "--published", "nobody"]) == UNUSABLE
    known = "'nobody'; there are baselines, dlgsanet, esc, lgvan"
    assert known in capsys.readouterr().err
    assert main([*given, "--format", "docx"]) == UNUSABLE
    assert "--format docx is unknown; there are latex, md, html, csv" in capsys.readouterr().err
    assert main(["table", str(tmp_path / "nowhere")]) == UNUSABLE
    assert "holds no results.json" in capsys.readouterr().err
