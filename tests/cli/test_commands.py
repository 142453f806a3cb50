"""The command line: what is printed, and the exit status."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from harness import cli
from reports import PUBLISHED
from tests.support import tiny
from tests.support.runs import render

COLUMNS = [
    "rank",
    "rank_low",
    "rank_high",
    "ahead_of_next",
    "id",
    "name",
    "team",
    "status",
    "eligible",
    "reason",
    "score",
    "score_low",
    "score_high",
    "score_runtime",
    "score_flops",
    "score_params",
    "rank_runtime",
    "rank_flops",
    "rank_params",
    "psnr_valid_db",
    "ssim_valid",
    "psnr_y_valid_db",
    "ssim_y_valid",
    "runtime_valid_ms",
    "memory_valid_mib",
    "reserved_valid_mib",
    "runtime_ms",
    "runtime_ms_low",
    "runtime_ms_high",
    "runtime_official_ms",
    "launch_ms",
    "back_to_back_ms",
    "graph_ms",
    "bound_by",
    "energy_mj",
    "process_mib",
    "params",
    "params_loaded",
    "flops",
    "flops_fvcore",
    "flops_hooks",
    "flops_torch",
    "flops_ptflops",
    "flops_graph",
    "activations",
    "num_conv",
    "flags",
]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ESR_HARNESS_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def run(out, data, *entries, rounds=1):
    paths = [str(tiny.SUBMISSIONS / entry) for entry in entries]
    options = ["--protocol", str(tiny.PROTOCOL), "--data", str(data), "--out", str(out)]
    options += ["--device", "fake", "--rounds", str(rounds)]
    return cli.main(["run", *paths, *options])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return the folder of a finished run with a good, a partial and a failed entry."""
    folder = tmp_path_factory.mktemp("cli")
    data = tiny.write_data(folder / "data")
    entries = [tiny.SUBMISSIONS / name for name in ("wrong_size", "missing_weights", "good")]
    finished, _ = tiny.run(folder / "out", data, entries)
    render(finished, folder / "out")
    return folder / "out"


def test_a_run_in_which_an_entry_fails_exits_1_and_has_its_report(tmp_path, capsys):
    data = tiny.write_data(tmp_path / "data")
    assert run(tmp_path / "out", data, "good", "factory_raises") == cli.SOMETHING_FAILED
    printed = capsys.readouterr().out
    assert "Report: " in printed
    assert "width must divide by 7" in printed
    with (tmp_path / "out" / "leaderboard.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["rank"], row["status"]) for row in rows] == [
        ("good", "1", "ok"),
        ("factory raises", "", "failed"),
    ]
    assert run(tmp_path / "out", data, "good", "factory_raises") == cli.SOMETHING_FAILED
    first, again = "All 2 entries are finished: nothing is measured.\n\n", capsys.readouterr().out
    assert again.startswith(first)
    assert printed.endswith(again.removeprefix(first))
    assert run(tmp_path / "out", data, "good") == cli.OK


def test_devices_are_for_the_executor_that_has_several(tmp_path, capsys):
    options = ["--executor", "serial", "--devices", "cpu", "--out", str(tmp_path / "out")]
    assert cli.main(["run", str(tiny.SUBMISSIONS / "good"), *options]) == cli.UNUSABLE
    assert "serial does one unit after another" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_rounds_no_runtime_is_measured(tmp_path, capsys):
    data, out = tiny.write_data(tmp_path / "data"), tmp_path / "out"
    assert run(out, data, "good", rounds=0) == cli.OK
    printed = capsys.readouterr()
    assert "good: time" not in printed.err
    assert "no runtime_ms, so no place in overall" in printed.out
    with (out / "leaderboard.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["status"], row["runtime_ms"], row["rank"]) == ("ok", "", "")
    assert float(row["psnr_valid_db"]) > 5


def test_the_columns_of_the_leaderboard(finished):
    with (finished / "leaderboard.csv").open() as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == COLUMNS
    assert [row["status"] for row in rows] == ["ok", "failed", "partial"]
    good = rows[0]
    assert (good["score"], good["eligible"]) == ("7.38905609893", "yes")
    # the fake clock: 0.1 ms per 1000 SR pixels, images of 64x80 and 68x48
    assert float(good["runtime_ms"]) == pytest.approx((0.512 + 0.3264) / 2, abs=1e-12)
    assert float(good["memory_valid_mib"]) == 64 * 80 * 3 * 4 / 2**20


def test_the_table_of_images_has_one_row_per_image(finished):
    with (finished / "per_image.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["entry"], row["image"]) for row in rows] == [("good", "a.png"), ("good", "b.png")]
    mean = sum(float(row["psnr_db"]) for row in rows) / 2
    with (finished / "leaderboard.csv").open() as file:
        assert float(next(csv.DictReader(file))["psnr_valid_db"]) == pytest.approx(mean, abs=1e-12)


def test_results_are_strict_json_with_a_schema_version(finished):
    def refuse(constant):
        raise ValueError(constant)

    results = json.loads((finished / "results.json").read_text(), parse_constant=refuse)
    assert results["schema_version"] == 8
    visits = results["entries"][2]["timing"]["visits"]
    assert [visit["place"] for visit in visits] == ["start", "end"]
    for visit in visits:
        assert visit["visit"]["samples_ms"]["valid"] == [[0.512] * 2, [0.3264] * 2]


def test_the_report_shows_every_entry_and_runs_no_markup_of_theirs(finished, tmp_path):
    page = (finished / "report" / "index.html").read_text()
    for words in ("good", "wrong size", "missing weights", "[1, 3, 128, 128]", "made for tests"):
        assert words in page
    copy = tmp_path / "out"
    shutil.copytree(finished, copy)
    results = (copy / "results.json").read_text()
    (copy / "results.json").write_text(results.replace('"good"', '"<script>x</script>"'))
    assert cli.main(["report", str(copy)]) == cli.OK
    page = (copy / "report" / "index.html").read_text()
    assert page.count("<script") == 1  # the page's own
    assert "&lt;script&gt;x&lt;/script&gt;" in page
    assert "&lt;script&gt;x" in page


def test_the_report_asks_for_nothing_from_elsewhere(finished):
    page = (finished / "report" / "index.html").read_text()
    assert "src=" not in page
    assert "http:" not in page
    assert "https:" not in page


def test_every_figure_is_made_anew_of_the_stored_samples(finished, tmp_path):
    copy = tmp_path / "out"
    copy.mkdir()
    shutil.copy(finished / "results.json", copy)
    assert cli.main(["report", str(copy)]) == cli.OK
    for name in ("leaderboard.csv", "per_image.csv"):
        assert (copy / name).read_bytes() == (finished / name).read_bytes()


def test_a_finished_run_is_ranked_again_under_another_protocol(finished, tmp_path, capsys):
    assert cli.main(["rank", str(finished)]) == cli.OK
    assert "7.389056" in capsys.readouterr().out
    stricter = tmp_path / "strict.toml"
    stricter.write_text(tiny.PROTOCOL.read_text().replace("db = 10.0", "db = 40.0"))
    assert cli.main(["rank", str(finished), "--protocol", str(stricter)]) == cli.OK
    assert "below 40.00 dB" in capsys.readouterr().out


def test_a_table_is_ranked_by_the_edition_it_is_named_after(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert cli.main(["rank", str(PUBLISHED / "ntire2026.csv")]) == cli.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split()[:4] == ["1", "22", "22_SPANV2_ESR_C2", "3.873283"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nowhere", "--protocol", "ntire2026"], "nowhere is not a folder"),
        (["run", str(tiny.SUBMISSIONS), "--protocol", "ntire2062"], "did you mean 'ntire2026'"),
        (["run", str(tiny.SUBMISSIONS), "--protocol", "ntire2026"], "name their folder with"),
        (["run", "--protocol", "ntire2026", "--data", "."], "no submission is named"),
        (["run", "--device", "tpu"], "device 'tpu' is unknown"),
        (["run", "--device", "cuda:99"], "cuda:99"),
        (["rank", "nowhere"], "holds no results.json"),
        (["rank", "nowhere.csv"], "nowhere.csv does not exist; name the --out folder of a run"),
        (["report", "nowhere"], "holds no results.json"),
        (["rank", str(tiny.PROTOCOL.with_name("no.csv"))], "no.csv"),
        (["profile", str(tiny.SUBMISSIONS)], "profile one at a time"),
    ],
)
def test_unusable_input_is_one_sentence_and_exit_status_2(arguments, words, capsys, monkeypatch):
    assert cli.main(arguments) == cli.UNUSABLE
    printed = capsys.readouterr().err
    assert printed.startswith("error: ")
    assert words in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chekc", "here"], "'chekc' is unknown; did you mean 'check'?"),
        (["run", "--policy", "fare"], "'fare' is unknown; did you mean 'fair'?"),
        (["show", "planets"], "'planets' is unknown; known: protocols, submissions, device"),
    ],
)
def test_a_misspelt_word_is_answered_by_the_nearest(arguments, words, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == cli.UNUSABLE
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "check", "rank", "table", "report"])
def test_help_has_no_word_of_the_program_itself(command, capsys):
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    printed = capsys.readouterr().out
    assert printed.startswith("usage: esr-harness")
    assert "None" not in printed


def test_show(capsys):
    assert cli.main(["show", "protocols"]) == cli.OK
    assert "ntire2026: NTIRE 2026" in capsys.readouterr().out
    assert cli.main(["show", "submissions", str(tiny.SUBMISSIONS)]) == cli.OK
    printed = capsys.readouterr().out
    assert "missing_weights: missing weights, x4, checkpoint weights.pth (missing)" in printed
    assert "wrong_manifest: cannot be used" in printed
    assert cli.main(["show", "device", "--device", "cpu"]) == cli.OK
    assert "perf_counter_ns" in capsys.readouterr().out


@pytest.mark.heavy
def test_a_run_says_where_the_log_of_an_entry_is_that_ended_itself(tmp_path, capsys):
    entry = tmp_path / "talks"
    shutil.copytree(tiny.SUBMISSIONS / "ends_process", entry)
    model = (
        (entry / "model.py")
        .read_text()
        .replace("os._exit", "print('a last word', flush=True); os._exit")
    )
    (entry / "model.py").write_text(model)
    data, out = tiny.write_data(tmp_path / "data"), tmp_path / "out"
    options = ["--protocol", str(tiny.PROTOCOL), "--device", "fake", "--data", str(data)]
    assert cli.main(["run", str(entry), *options, "--out", str(out), "--rounds", "0"]) == 1
    page = capsys.readouterr().out.splitlines()[-1].rpartition(": ")[2]
    assert page == str(out / "report" / "factsheets" / "talks.html")
    assert "a last word" in Path(page).read_text()
