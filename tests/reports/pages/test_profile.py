"""`profile`, on the fake device: what stands in its tables, on its page and in its file."""

import json
from math import inf

import pytest

import reports.pages.profile
from harness import cli
from harness.records import Profiling
from harness.records.schema import from_table
from tests.support import tiny
from tests.support.browser import CHROMIUM, look
from tests.support.profiled import MADE


def test_the_tables_hold_what_was_measured():
    lines = [line.split("  ") for line in reports.pages.profile.text(MADE).splitlines()]
    rows = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    # mean over images of the medians over sweeps: (9 + 24) / 2; sweeps' means 16, 16.5, 17.5
    submitted, again = "16.50 (16.00 to 17.50)", "18.55 (18.05 to 19.55)"
    # ratios are to the geometric mean of the first and the last visit, 17.4953
    assert ["as submitted", submitted, "0.943", "3.0", "identical", "31.0000", "+0.0000"] in rows
    assert ["as submitted, again", again, "1.060", "3.0", "identical", "31.0000", "+0.0000"] in rows
    half = "8.30 (7.80 to 9.30)"
    assert ["float16", half, "0.474", "3.0", "50.00", "30.9500", "-0.0500"] in rows
    assert ["CUDA graph", "–", "–", "–", "–", "–", "–"] in rows
    assert ["CUDA graph: there is no GPU"] in rows
    assert ["10x20", "0.0002", "2.00 (2.00 to 2.00)", "10,000.00"] in rows
    assert ["5x10 is refused: too small"] in rows
    assert ["aten::conv", "6", "7.00 (6.00 to 9.00)", "87.5"] in rows
    assert "two runtimes differ by 12.4%" in reports.pages.profile.text(MADE)


def test_the_file_gives_the_record_back(tmp_path):
    reports.pages.profile.render(MADE, tmp_path)
    assert from_table(Profiling, json.loads((tmp_path / "profile.json").read_text())) == MADE


@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
def test_the_page_stands_alone_and_shows_names_as_they_are(tmp_path):
    page = reports.pages.profile.render(MADE, tmp_path)
    seen = look(
        page,
        tmp_path,
        "return [all('h1')[0].textContent, all('figure svg').length, all('tbody tr').length]",
    )
    assert seen == ["Mine & <yours>", 3, 4 + 2 + 2]


@pytest.mark.heavy  # seven processes, one of which compiles
def test_a_way_that_fails_is_a_row_and_the_others_go_on(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ESR_HARNESS_CACHE", str(tmp_path / "cache"))
    data = tiny.write_data(tmp_path / "data")
    options = ["--protocol", str(tiny.PROTOCOL), "--data", str(data), "--device", "fake"]
    out = ["--out", str(tmp_path / "out"), "--images", "1", "--sweeps", "2"]
    path = str(tiny.SUBMISSIONS / "particular")
    assert cli.main(["profile", path, *options, *out]) == cli.OK
    made = from_table(Profiling, json.loads((tmp_path / "out" / "profile.json").read_text()))
    ways = {way.name: way for way in made.variants}
    reason = ways["float16"].failure.reason
    assert reason.endswith("raised TypeError: float32 alone (model.py, line 15)")
    assert "exit status 7" in ways["bfloat16"].failure.reason
    assert "needs an NVIDIA GPU" in ways["CUDA graph"].failure.reason
    assert ways["channels_last"].psnr_submitted_db == (inf,)
    # the fake clock takes 0.1 ms per 1000 SR pixels
    first = made.variants[0].visit
    assert first.samples_ms["valid"] == ((pytest.approx(0.512),) * 2,)
    assert made.sizes == ((4, 5), (8, 10), (12, 15), (16, 20), (20, 25), (24, 30))
    assert first.samples_ms["24x30"] == ((pytest.approx(1.152),) * 2,)
    assert {"aten::mul", "aten::upsample_nearest2d"} <= {one.name for one in made.operators}
    assert "bfloat16: the process ended itself" in capsys.readouterr().out


def test_a_folder_of_several_is_refused(capsys):
    folder = str(tiny.SUBMISSIONS)
    assert cli.main(["profile", folder, "--protocol", str(tiny.PROTOCOL)]) == cli.UNUSABLE
    assert "profile one at a time" in capsys.readouterr().err
