"""`verify`: what is stored and what its raw samples give, figure by figure."""

import json

import pytest

from harness import cli
from harness.store import trail
from harness.store.runs import save_run
from tests.support import tiny
from tests.support.runs import made, render


@pytest.fixture
def out(tmp_path):
    """Return the folder of a run with its report."""
    run = made(3, 4)
    save_run(tmp_path, run)
    render(run, tmp_path)
    return tmp_path


def verified(out, capsys):
    status = cli.main(["verify", str(out)])
    return status, capsys.readouterr().out.splitlines()


def test_a_run_as_it_was_written_differs_in_nothing(out, capsys):
    status, lines = verified(out, capsys)
    assert status == cli.OK
    assert len(lines) == 1
    assert lines[0].endswith(" figures were recomputed: nothing differs.")


def test_a_figure_that_was_changed_in_a_table_is_named(out, capsys):
    table = out / "leaderboard.csv"
    name, psnr = "ByteESR", "29.0"
    line = next(line for line in table.read_text().splitlines() if name in line)
    assert psnr in line
    table.write_text(table.read_text().replace(line, line.replace(psnr, "31.0", 1)))
    status, lines = verified(out, capsys)
    assert status == cli.SOMETHING_FAILED
    assert lines[0].startswith(f"DIFFERS  leaderboard.csv, 4 {name}, psnr_valid_db: 31.")
    assert f" is stored, {psnr}" in lines[0]
    assert lines[1].endswith("1 things differ.")


def test_a_row_that_was_put_in_and_one_that_was_removed_are_named(out, capsys):
    table = out / "per_image.csv"
    first, second, *others = table.read_text().splitlines(keepends=True)
    forged = second.replace("entry00", "entry99")
    table.write_text("".join([first, forged, *others]))
    _, lines = verified(out, capsys)
    assert any("entry00" in line and "nothing is stored" in line for line in lines)
    assert any("entry99" in line and "nothing is right" in line for line in lines)


def test_a_raw_sample_that_was_changed_differs_from_the_trail_and_the_tables(out, capsys):
    file = out / "results.json"
    table = json.loads(file.read_text())
    table["entries"][0]["inspection"]["params"] -= 1
    file.write_text(json.dumps(table, indent=1))
    status, lines = verified(out, capsys)
    assert status == cli.SOMETHING_FAILED
    assert "DIFFERS  results.json is not as the program wrote it, by trail.jsonl" in lines
    assert any(line.startswith("DIFFERS  leaderboard.csv, 4 ByteESR, params: ") for line in lines)


def test_a_trail_that_was_changed_or_is_gone_is_named(out, capsys):
    file = out / trail.FILE
    trail.add(out, "ranked", ranks={}, excluded={}, flags={})
    file.write_text(file.read_text().replace('"results"', '"others"', 1))
    _, lines = verified(out, capsys)
    assert any("trail.jsonl, line 2" in line and "does not follow" in line for line in lines)
    file.unlink()
    _, lines = verified(out, capsys)
    assert "nothing says what was run" in lines[0]


def test_half_a_last_line_is_only_told(out, capsys):
    with (out / trail.FILE).open("a") as file:
        file.write('{"at": "2026')
    render(made(3, 4), out)
    status, lines = verified(out, capsys)
    assert status == cli.OK
    assert lines[0].startswith("note     trail.jsonl, line 2 is cut off")


def test_a_page_that_is_not_the_run_s_is_named(out, capsys):
    (out / "report" / "factsheets" / "forged.html").write_text("first place")
    page = out / "report" / "index.html"
    page.write_text(page.read_text().replace("ByteESR", "Mine"))
    _, lines = verified(out, capsys)
    assert "DIFFERS  report/index.html is not what the run's samples give" in lines
    assert "DIFFERS  report/factsheets/forged.html is a page of no entry of the run" in lines


def test_a_run_s_history_is_told_and_not_for_everyone(tmp_path, capsys):
    data, out = tiny.write_data(tmp_path / "data"), tmp_path / "out"
    paths = [tiny.SUBMISSIONS / "good", tiny.SUBMISSIONS / "wrong_manifest"]
    tiny.run(out, data, paths)
    tiny.run(out, data, paths, edition=tiny.untimed())
    whats = [event.what for event in trail.read(out).events if event.what != "results"]
    assert whats == ["begun", "evaluated", "evaluated", "ranked", "begun", "ranked"]
    assert cli.main(["report", str(out)]) == cli.OK
    page = (out / "report" / "history.html").read_text()
    assert "did you mean &#39;factory&#39;?" in page  # why it was excluded
    assert "rules other than before: timing" in page
    assert cli.main(["report", str(out), "--public"]) == cli.OK
    assert not (out / "public" / "report" / "history.html").exists()
    capsys.readouterr()
    status, lines = verified(out, capsys)
    assert status == cli.OK
    assert lines[0].startswith("note     rules changed on 2")


def test_a_process_ended_between_trail_and_results_did_no_harm(out, capsys):
    trail.add(out, "results", sha256="0" * 64, unfinished="")
    assert verified(out, capsys)[0] == cli.OK
    trail.add(out, "results", sha256="1" * 64, unfinished="")
    assert verified(out, capsys)[0] == cli.SOMETHING_FAILED
