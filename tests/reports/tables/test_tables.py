"""Tables for papers and notebooks."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import harness
from harness.errors import RunError
from harness.records import DeviceState, Run, Spread, Timing
from harness.store.runs import save_run
from reports.tables.latex import escape
from reports.tables.markdown import escape as escape_markdown
from tests.support.compiled import faults
from tests.support.runs import forty_six, made, render, with_pictures


def test_latex_escapes() -> None:
    assert escape("50% & a_b #1 {x}") == r"50\% \& a\_b \#1 \{x\}"
    assert escape("a^b~c\\d") == r"a\textasciicircum{}b\textasciitilde{}c\textbackslash{}d"
    assert escape("Müller 超x") == r"Müller [U+8D85]\allowbreak{}x"
    assert escape("a_long_identifier.of_code") == (
        r"a\_\allowbreak{}long\_\allowbreak{}identifier.\allowbreak{}of\_\allowbreak{}code"
    )
    assert escape("flops-disagree:") == r"flops-\allowbreak{}disagree:"
    assert escape("N" * 80) == r"\allowbreak{}".join("N" * 80)


def test_markdown_escapes() -> None:
    assert escape_markdown("a|b <i> *c*\n[d](e)") == r"a\|b &lt;i&gt; \*c\* \[d\]\(e\)"


def test_the_latex_table_ranks_and_marks(plain: Path) -> None:
    text = (plain / "tables" / "leaderboard.tex").read_text()
    lines = [line for line in text.splitlines() if " & " in line]
    assert len(lines) == 47
    # as wide as a column of a paper: neither team, id, activations nor memory
    assert lines[0].count("&") == 7
    assert lines[1].startswith("1 & ByteESR & 1 & 29.00 & 28.72 & ")
    assert r"\textbf{27.2" in lines[1]
    assert r"\underline{28.2" in lines[2]
    assert re.search(r"MegSR\\textsuperscript\{1\}", lines[5])
    assert r"\textsuperscript{1}\,nondeterministic: MegSR differs" in escape_free(text)


def watched(run: Run) -> Run:
    """Let a GPU's driver have told of every visit."""
    state = DeviceState(
        40,
        sm_clock_mhz=Spread(1380, 1395, 1410),
        power_w=Spread(180, 250, 300),
        reasons=("software power cap",),
        process_bytes=3 * 2**29,
        energy_mj={"valid": 1500.0, "test": 2500.0},
    )
    entries = []
    for entry in run.entries:
        (visit,) = entry.timing.visits
        reserved = replace(visit.visit, reserved_bytes={"valid": 700 * 2**20, "test": 800 * 2**20})
        visit = replace(visit, visit=reserved, state=state, repeats=1)
        entries.append(replace(entry, timing=Timing((visit,))))
    return replace(run, entries=tuple(entries))


def test_what_a_gpu_told_stands_where_it_was_measured(tmp_path: Path) -> None:
    render(made(3, 4), tmp_path)
    assert "Energy" not in (tmp_path / "leaderboard.md").read_text()
    assert "Energy" not in (tmp_path / "report" / "index.html").read_text()
    page = tmp_path / "report" / "factsheets" / "entry00.html"
    assert "energy of the device during its visits: not available" in page.read_text()
    assert pd.read_csv(tmp_path / "leaderboard.csv")["energy_mj"].isna().all()
    render(watched(made(3, 4)), tmp_path)
    board = pd.read_csv(tmp_path / "leaderboard.csv")
    assert set(board["energy_mj"]) == {2000.0}
    memory = board[["reserved_valid_mib", "reserved_test_mib", "process_mib"]]
    assert memory.to_numpy().tolist() == [[700, 800, 1536]] * 3
    assert "2,000.0" in (tmp_path / "leaderboard.md").read_text()
    assert "Energy [mJ]" in (tmp_path / "report" / "index.html").read_text()
    for text in ("1395 (1380 to 1410)", "software power cap", "1,536.0", "not available", "700.0"):
        assert text in page.read_text()


def escape_free(text: str) -> str:
    """Leave out where long words may be broken."""
    return text.replace(r"\allowbreak{}", "")


@pytest.mark.heavy
@pytest.mark.parametrize("run", ["plain", "hostile"])
def test_the_latex_compiles_without_a_warning(
    run: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    tables = request.getfixturevalue(run) / "tables"
    names = ["leaderboard", *(f"factsheet_entry{index:02}" for index in range(10))]
    files = [tables / f"{name}.tex" for name in names]
    assert faults(files, "textcomp,array,booktabs,graphicx", tmp_path) == []


def test_the_markdown_has_a_line_per_entry(hostile: Path) -> None:
    lines = (hostile / "leaderboard.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 47
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {len(rows[1].split("---"))}
    assert not re.search(r"<(script|img)", "\n".join(lines))


def test_a_run_as_frames(tmp_path: Path) -> None:
    run = made(5, 8, sweeps=3)
    save_run(tmp_path, run)
    render(run, tmp_path)
    frames = harness.load(tmp_path)
    assert list(frames.entries["name"]) == ["ByteESR", "NJU_Jet", "NEESR", "Super", "MegSR"]
    assert len(frames.images) == 5 * 8
    assert len(frames.samples) == 5 * 8 * 3
    from_csv = pd.read_csv(tmp_path / "per_image.csv").drop(columns=["id", "name"])
    pd.testing.assert_frame_equal(frames.images, from_csv)
    medians = frames.samples.groupby(["entry", "split", "image"])["runtime_ms"].median()
    assert medians["entry00", "valid", "0001.png"] == frames.images["runtime_ms"][0]


def test_frames_of_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"holds no results\.json"):
        harness.load(tmp_path)


def test_the_same_run_gives_the_same_bytes(plain: Path, tmp_path: Path) -> None:
    render(with_pictures(forty_six(), tmp_path), tmp_path)
    for file in [one for one in plain.rglob("*") if one.is_file()]:
        assert (tmp_path / file.relative_to(plain)).read_bytes() == file.read_bytes(), file
