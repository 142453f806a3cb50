"""What moved between two runs, as a page and tables."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from harness import cli
from harness.store.runs import save_run
from tests.support.browser import look
from tests.support.runs import HOSTILE, made


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compare two runs: the second has another GPU, lacks an entry, and one has more parameters."""
    out = tmp_path_factory.mktemp("compared")
    run = made(4, 4, names=HOSTILE[:2])
    save_run(out / "a", run)
    first, *others, _ = run.entries
    assert first.inspection
    larger = replace(first.inspection, params=first.inspection.params + 5000)
    identity = run.identity | {"gpu": "Another GPU"}
    entries = (replace(first, inspection=larger), *others)
    save_run(out / "b", replace(run, identity=identity, entries=entries))
    sides = [str(out / "a"), str(out / "b")]
    assert cli.main(["compare", *sides, "--to", str(out / "to")]) == cli.SOMETHING_FAILED
    return out / "to"


def test_the_tables_say_what_moved(compared: Path) -> None:
    with (compared / "compare.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    moved = {(row["name"], row["metric"]): row["change"] for row in rows if row["moved"] == "yes"}
    assert moved == {(HOSTILE[0], "params"): "5000"}
    assert len(rows) > 20
    text = (compared / "compare.md").read_text()
    assert "| params \\[M\\] | 0.317 | 0.322 | +0.005 | +1.58 |" in text
    assert "Only in A: Super." in text
    assert "<script" not in text


@pytest.mark.heavy
def test_the_page_says_what_moved(compared: Path, tmp_path: Path) -> None:
    script = """
    const facts = all("table").at(-1).innerText;
    return [all("tbody")[0].innerText.split("\\n")[0], all("h2").map((one) => one.textContent),
            facts.includes("≠ gpu"), facts.includes("≠ torch"), all("img, tbody script").length];
    """
    row, headings, gpu, torch, elements = look(compared / "compare.html", tmp_path, script)
    assert row.startswith(HOSTILE[0])
    assert headings == ["Moved", "Equal", "What was measured"]
    assert (gpu, torch, elements) == (True, False, 0)


def test_a_run_has_not_moved_from_itself(tmp_path: Path) -> None:
    save_run(tmp_path / "a", made(2, 4))
    side = str(tmp_path / "a")
    assert cli.main(["compare", side, side, "--to", str(tmp_path / "to")]) == cli.OK
    text = (tmp_path / "to" / "compare.md").read_text()
    assert text.startswith("0 of ")
    assert "|" not in text
