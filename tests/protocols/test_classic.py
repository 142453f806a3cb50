"""Runs on Y, at the scales of the submissions, without tracks or baseline."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import reports
from harness import cli, protocols
from harness.images.fidelity import fidelity
from harness.images.png import write_image
from harness.images.resize import downscale
from harness.ranking.leaderboard import Leaderboard, of_run
from harness.records import ImageScore, Run
from harness.store.runs import load_run
from reports.tables import terminal
from tests.support import tiny
from tests.support.places import SUBMISSIONS
from tests.support.runs import made, render

PROTOCOL = """
name = "small"
title = "Small at x{scale}"
scales = [2, 3, 4]
border = "scale"
colour = "y"
counter = { name = "fvcore", source = "made for tests" }
timing = { rounds = 0 }
complexity = { input = [32, 32] }
splits = [
    { name = "Set1", hr = "HR/*.png", lr = "X{scale}/*x{scale}.png" },
    { name = "Set2", hr = "no/HR/*.png", lr = "no/LR/*.png" },
]
"""


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ESR_HARNESS_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def unranked(run: Run) -> Run:
    """Put a made-up run under a protocol of Y that ranks nothing; its Set5 is absent."""
    valid, test = run.splits
    edition = replace(
        run.protocol, tracks=(), baseline=protocols.load("classic").baseline, colour="y"
    )
    return replace(run, protocol=edition, splits=(valid, replace(test, images=())))


def board(run: Run) -> Leaderboard:
    return of_run(unranked(run))


def test_entries_are_listed_by_flops_on_y() -> None:
    listed = board(made(12, 4))
    flops = [row.figures.metrics["flops"] for row in listed.rows]
    assert flops == sorted(flops)
    assert all(row.rank is None and row.standing.eligible == "yes" for row in listed.rows)
    for row in listed.rows:
        of_split = [s.fidelity.psnr_y_db for s in row.entry.scores if s.split == "valid"]
        assert row.figures.psnr_db["valid"] == pytest.approx(np.mean(of_split), abs=1e-12)
        assert row.columns["psnr_y_valid_db"] == row.figures.psnr_db["valid"]
        assert row.columns["psnr_valid_db"] == pytest.approx(
            row.figures.psnr_db["valid"] - 1.4, abs=1e-9
        )


@pytest.mark.parametrize(
    ("rounded", "words"), [(False, "in floating point"), (True, "rounded to uint8")]
)
def test_the_luma_that_was_used_and_absent_data_are_named(rounded: bool, words: str) -> None:
    run = unranked(made(3, 4))
    run = replace(run, protocol=replace(run.protocol, rounded_luma=rounded))
    notes = of_run(run).notes
    assert f"PSNR-Y and SSIM-Y are of MATLAB's rgb2ycbcr {words}, 4 pixels of border cut" in notes
    assert "no images of test were in the data folder" in notes


def test_a_report_tells_how_data_were_found_and_made(tmp_path: Path) -> None:
    run = unranked(made(3, 4))
    valid = replace(run.splits[0], layout="EDSR, KAIR", made_lr="MATLAB's bicubic (a way)")
    run = replace(run, splits=(valid, *run.splits[1:]))
    assert "LR of valid was made from HR by MATLAB's bicubic (a way)" in of_run(run).notes
    page = render(run, tmp_path).read_text()
    assert "2 images (layout EDSR, KAIR), LR made from HR by MATLAB&#39;s bicubic" in page


def test_tables_without_ranks(tmp_path: Path) -> None:
    run = unranked(made(5, 4))
    page = render(run, tmp_path).read_text()
    headings = [line.split("<button")[1] for line in page.splitlines() if 'th scope="col"' in line]
    assert not any(word in text for text in headings for word in ("Rank", "Score", "Eligible"))
    assert "PSNR-Y valid [dB] / SSIM-Y" in page
    assert "Entries: by FLOPs" in page
    assert "PSNR-Y on valid against runtime" in page
    printed = terminal.table(of_run(run)).splitlines()
    assert printed[0].split()[:4] == ["ID", "Entry", "Team", "PSNR-Y"]
    first = of_run(run).rows[0]
    assert f"{first.figures.psnr_db['valid']:.2f} / 0.8100" in printed[2]
    assert "PSNR-Y" in (tmp_path / "tables" / "leaderboard.tex").read_text()
    assert "PSNR-Y" in (tmp_path / "leaderboard.md").read_text()


def test_nothing_is_ranked_by_a_protocol_without_tracks(capsys: pytest.CaptureFixture) -> None:
    table = str(reports.PUBLISHED / "ntire2026.csv")
    assert cli.main(["rank", table, "--protocol", "classic"]) == cli.UNUSABLE
    assert "protocol classic ranks nothing" in capsys.readouterr().err


def write_submissions(folder: Path) -> Path:
    for scale in (2, 4):
        submission = folder / f"x{scale}"
        shutil.copytree(tiny.SUBMISSIONS / "good", submission)
        manifest = (submission / "submission.toml").read_text()
        (submission / "submission.toml").write_text(f"{manifest}scale = {scale}\n")
        model = (submission / "model.py").read_text()
        (submission / "model.py").write_text(model.replace("=4", f"={scale}"))
    (folder / "broken").mkdir()
    (folder / "broken" / "submission.toml").write_text("name =")
    return folder


def write_data(folder: Path) -> np.ndarray:
    hr = np.random.default_rng(0).integers(0, 256, (48, 60, 3), np.uint8)
    for name, image in (("HR/a", hr), *((f"X{s}/ax{s}", downscale(hr, s)) for s in (2, 4))):
        (folder / name).parent.mkdir(parents=True)
        write_image(folder / f"{name}.png", image)
    return hr


@pytest.mark.heavy
def test_each_scale_of_the_submissions_has_a_run_of_its_own(tmp_path, capsys) -> None:
    file = tmp_path / "small.toml"
    file.write_text(PROTOCOL)
    paths = [str(write_submissions(tmp_path / "entries")), "--protocol", str(file)]
    hr = write_data(tmp_path / "data")
    out = tmp_path / "out"
    options = ["--data", str(tmp_path / "data"), "--out", str(out), "--device", "fake"]
    assert cli.main(["run", *paths, *options, "--rounded-luma"]) == cli.SOMETHING_FAILED
    printed = capsys.readouterr().out
    assert sorted(folder.name for folder in out.iterdir()) == ["x2", "x4"]
    for scale in (2, 4):
        run = load_run(out / f"x{scale}")
        assert (run.protocol.scale, run.protocol.border) == (scale, scale)
        assert f"Small at x{scale}" in printed
        assert [(entry.slug, entry.status) for entry in run.entries] == [
            ("broken", "failed"),
            (f"x{scale}", "ok"),
        ]
        sr = downscale(hr, scale).repeat(scale, axis=0).repeat(scale, axis=1)
        expected = fidelity(sr, hr, scale, rounded_luma=True)
        (score,) = run.entries[1].scores
        assert score == ImageScore(
            "Set1", "a.png", expected, score.sr_digest, score.perturbed_digest
        )
        with (out / f"x{scale}" / "per_image.csv").open() as stream:
            (row,) = csv.DictReader(stream)
        assert float(row["psnr_y_db"]) == expected.psnr_y_db
        assert float(row["ssim_y"]) == expected.ssim_y


def test_no_submission_of_a_known_scale(tmp_path, capsys) -> None:
    file = tmp_path / "small.toml"
    file.write_text(PROTOCOL.replace("[2, 3, 4]", "[2, 3]"))
    paths = [str(tiny.SUBMISSIONS / "good"), "--protocol", str(file), "--data", str(tmp_path)]
    assert cli.main(["run", *paths]) == cli.UNUSABLE
    assert "no submission is of a scale that small knows: 2, 3" in capsys.readouterr().err


@pytest.mark.heavy
def test_the_official_figures_of_a_published_network_are_met(shared, tmp_path) -> None:
    paths = [str(SUBMISSIONS / "span"), "--protocol", "classic", "--out", str(tmp_path)]
    where = ["--data", str(shared / "data"), "--weights", str(shared / "weights")]
    options = ["--splits", "Set5", "--device", "cpu"]
    assert cli.main(["run", *paths, *where, *options]) == cli.OK
    goldens = json.loads((shared / "goldens" / "psnr.json").read_text())
    expected = goldens["models"]["span_2026_x4"]["Set5"]["images"]
    (entry,) = load_run(tmp_path / "x4").entries
    assert len(entry.scores) == len(expected) == 5
    for score, record in zip(entry.scores, expected, strict=True):
        assert score.image == f"{record['image']}.png"
        assert score.fidelity.psnr_y_db == pytest.approx(record["psnr_y"], rel=0, abs=2e-4)
        assert score.fidelity.ssim_y == pytest.approx(record["ssim_y"], rel=0, abs=1e-5)
