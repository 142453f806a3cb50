"""A bundle: what Codabench asks of it, and what its scoring program and its check say."""

import json
import math
import subprocess
import zipfile
from html import escape

import numpy as np
import pytest
import yaml

from harness import cli, protocols
from harness.codabench import pages
from harness.images.png import crop_to_multiple, read_image
from harness.uploads import scoring
from harness.uploads.columns import COLUMNS
from harness.uploads.program import main
from tests.codabench import schema
from tests.support import tiny, uploads, worker
from tests.support.places import ROOT

TWO_SPLITS = (
    tiny.PROTOCOL.read_text()
    + """
[[splits]]
name = "test"
hr = "test_HR/*.png"
lr = "test_LR/*x4.png"
private = true
threshold = { db = 10.5, source = "made for tests" }
"""
)
DATES = "2026-02-01,2026-03-10 12:00,2026-03-17"


def bundle(folder, *more, protocol=None):
    return cli.main(
        [
            *("codabench", "bundle", str(protocol or folder / "two.toml")),
            *("--data", str(folder / "data"), "--out", str(folder / "bundle"), *more),
        ]
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with a bundle of two phases, uploads for them, and a bare `python3`."""
    folder = tmp_path_factory.mktemp("codabench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ESR_HARNESS_CACHE", str(folder / "cache"))
        (folder / "two.toml").write_text(TWO_SPLITS)
        tiny.write_data(folder / "data")
        tiny.write_pair(folder / "data", "c", 20, 16, split="test")
        assert bundle(folder, "--dates", DATES) == cli.OK
    uploads.bicubic(folder / "valid", folder / "data/valid_LR")
    uploads.bicubic(folder / "test", folder / "data/test_LR")
    worker.packages(folder / "python")
    return folder


@pytest.fixture
def score(made, tmp_path):
    def run(upload, split="valid"):
        return worker.score(made / "bundle", split, upload, tmp_path / "room", made / "python")

    return run


def test_codabench_accepts_it(made):
    assert schema.faults(made / "bundle") == []


def test_its_zip_file_holds_the_same_at_its_top(made):
    with zipfile.ZipFile(made / "bundle.zip") as archive:
        packed = {one for one in archive.namelist() if not one.endswith("/")}
    files = (file for file in (made / "bundle").rglob("*") if file.is_file())
    assert packed == {file.relative_to(made / "bundle").as_posix() for file in files}


def test_phases_follow_each_other_and_hide_what_is_private(made):
    table = yaml.safe_load((made / "bundle/competition.yaml").read_text())
    assert [(p["name"], p["start"], p["end"], p["hide_score_output"]) for p in table["phases"]] == [
        ("dev", "2026-02-01 00:00:00", "2026-03-10 11:59:59", False),
        ("test", "2026-03-10 12:00:00", "2026-03-17 00:00:00", True),
    ]
    for phase in table["phases"]:
        assert phase["execution_time_limit"] == 1800
        assert (phase["max_submissions_per_day"], phase["max_submissions"]) == (5, 100)
        assert phase["hide_output"] == phase["hide_score_output"]
    (board,) = table["leaderboards"]
    assert [(c["key"], c["sorting"], c["precision"]) for c in board["columns"][:5]] == [
        ("psnr", "desc", 2),
        ("ssim", "desc", 4),
        ("runtime", "asc", 4),
        ("params", "asc", 0),
        ("extra_data", "asc", 0),
    ]


def test_no_pixel_of_hr_is_where_teams_can_read(made):
    hr = [read_image(file).tobytes() for file in (made / "data").glob("*_HR/*.png")]
    for part in ("public_data", "starting_kit", "solutions"):
        shown = [read_image(file).tobytes() for file in (made / "bundle" / part).rglob("*.png")]
        assert not {*hr} & {*shown}


def test_pages_state_thresholds_and_the_score(made):
    text = (made / "bundle/pages/evaluation.md").read_text()
    assert "- 10.00 dB on valid (made for tests)" in text
    assert "- 10.50 dB on test (made for tests)" in text
    assert "    score = exp(2 x runtime / runtime of good)" in text
    overview = (made / "bundle/pages/overview.md").read_text()
    assert "| dev | valid | 2 | 2026-02-01 00:00 | 2026-03-10 11:59 |" in overview
    assert "Scores of the phase test are hidden" in overview


@pytest.mark.parametrize("edition", protocols.bundled())
def test_every_edition_has_its_formulas_on_its_page(edition):
    protocol = protocols.load(edition)
    text = pages.evaluation(protocol, ())
    for track in protocol.tracks:
        assert track.source in text
        for weight in track.weights.values():
            assert weight == 1 or f"{weight:g} x " in text


def psnr_db(upload, hr_folder, scale=4, border=4):
    """Return the mean PSNR of RGB by its definition, in float64."""
    values = []
    for hr_file in sorted(hr_folder.glob("*.png")):
        hr = crop_to_multiple(read_image(hr_file), scale).astype(np.float64)
        error = read_image(upload / f"{hr_file.stem}x{scale}.png") - hr
        inside = error[border:-border, border:-border]
        values.append(10 * math.log10(255**2 / np.mean(inside**2)))
    return float(np.mean(values))


@pytest.mark.heavy
@pytest.mark.parametrize("split", ["valid", "test"])
def test_the_container_scores_with_few_packages(made, score, split):
    done = score(made / split, split)
    assert done.status == 0, done.stderr
    scores = json.loads((done.output / "scores.json").read_text())
    # keys without a column are dropped without a word: api/views/submissions.py,
    # upload_submission_scores
    assert scores.keys() <= {column.key for column in COLUMNS}
    hidden = {column.key for column in COLUMNS if column.hidden}
    assert bool(scores.keys() & hidden) == (split == "test")
    key = "psnr_hidden" if split == "test" else "psnr"
    expected = psnr_db(made / split, made / f"data/{split}_HR")
    assert scores[key] == pytest.approx(expected, abs=1e-9)
    claimed = {"runtime": 0.07, "params": 150688, "extra_data": 1}
    assert {name: scores[name] for name in claimed} == claimed
    page = (done.output / "detailed_results.html").read_text()
    assert (f"{scores[key]:.4f}" in page) == (split == "valid")
    assert len(page) < 300_000


@pytest.mark.heavy
def test_a_bad_upload_fails_with_its_reasons_on_the_page_and_on_stderr(made, score, tmp_path):
    upload = uploads.bicubic(tmp_path / "bad", made / "data/valid_LR")
    uploads.SPOILT["code"][0](upload)
    uploads.SPOILT["60000 x 60000"][0](upload)
    (upload / "readme.txt").write_text("runtime per image [s] : <script>alert(1)</script>")
    done = score(upload)
    assert done.status == 1
    page = (done.output / "detailed_results.html").read_text()
    for name in ("code", "60000 x 60000"):
        assert uploads.SPOILT[name][1] in done.stderr
        assert uploads.SPOILT[name][1] in page
    assert "<script>" not in page
    assert not (done.output / "scores.json").exists()


def program(made, upload, out):
    """Run the scoring program in this process."""
    given = out / "input"
    given.mkdir(parents=True)
    (given / "ref").symlink_to(made / "bundle/reference_data/valid")
    (given / "res").symlink_to(upload)
    return main([str(given), str(out)])


@pytest.mark.parametrize(("spoil", "sentence"), uploads.SPOILT.values(), ids=uploads.SPOILT)
def test_the_program_refuses_every_kind(made, tmp_path, capsys, spoil, sentence):
    upload = uploads.bicubic(tmp_path / "bad", made / "data/valid_LR")
    spoil(upload)
    assert program(made, upload, tmp_path / "out") == 1
    assert f"\n  {sentence}" in capsys.readouterr().err
    assert escape(sentence) in (tmp_path / "out/detailed_results.html").read_text()
    assert not (tmp_path / "out/scores.json").exists()


def test_identical_images_have_a_score_that_a_column_holds(made, tmp_path):
    upload = tmp_path / "hr"
    upload.mkdir()
    for hr in (made / "data/valid_HR").iterdir():
        (upload / hr.name).write_bytes(hr.read_bytes())
    assert program(made, upload, tmp_path / "out") == 0
    scores = json.loads((tmp_path / "out/scores.json").read_text())
    assert scores == {"psnr": 100.0, "ssim": 1.0}
    assert "There is no readme.txt" in (tmp_path / "out/detailed_results.html").read_text()


def test_a_program_that_breaks_says_so_on_the_page(made, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(scoring, "score", lambda *_: 1 / 0)
    assert program(made, made / "valid", tmp_path / "out") == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert "ask the organisers" in (tmp_path / "out/detailed_results.html").read_text()


@pytest.fixture(scope="module")
def bare(made):
    """Return a `python3` that sees numpy and Pillow alone."""
    names = ("numpy", "numpy.libs", "PIL", "pillow.libs")
    return worker.packages(made / "bare", names) / "python3"


def test_check_needs_neither_pytorch_nor_hr(made, bare, tmp_path):
    def check(upload):
        kit = made / "bundle/starting_kit/valid/check.py"
        return subprocess.run([bare, kit, upload], capture_output=True, text=True, check=False)

    good = check(uploads.packed(made / "valid", tmp_path / "up.zip"))
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.endswith("Ready: 2 images.\n")
    upload = uploads.bicubic(tmp_path / "bad", made / "data/valid_LR")
    uploads.SPOILT["cut short"][0](upload)
    bad = check(upload)
    assert bad.returncode == 1
    assert bad.stdout.startswith(f"FIX  {uploads.SPOILT['cut short'][1]}")


def test_programs_are_copies(made):
    for program in (made / "bundle/scoring_program", made / "bundle/starting_kit/valid"):
        own = program / "harness/__init__.py"
        copied = [file for file in (program / "harness").rglob("*.py") if file != own]
        assert copied
        for file in copied:
            assert file.read_bytes() == (ROOT / file.relative_to(program)).read_bytes()


REFUSED = {
    "a phase that is none": (
        ["--phases", "dev,final"],
        "--phases: 'final' is none of dev, valid, test",
    ),
    "a split twice": (
        ["--phases", "dev,valid"],
        "--phases dev,valid names a split twice; leave one out",
    ),
    "too few dates": (
        ["--dates", "2026-02-01,2026-03-10"],
        "--dates: 2 phases take 3 dates that follow each other: when each begins, and when the "
        "last ends",
    ),
    "dates that go back": (
        ["--dates", "2026-02-01,2026-01-10,2026-03-01"],
        "--dates: 2 phases take 3 dates that follow each other: when each begins, and when the "
        "last ends",
    ),
}


@pytest.mark.parametrize(("more", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_made_is_refused(tmp_path, capsys, more, sentence):
    (tmp_path / "two.toml").write_text(TWO_SPLITS)
    assert bundle(tmp_path, *more) == cli.UNUSABLE
    assert capsys.readouterr().err == f"error: {sentence}\n"
    assert not (tmp_path / "bundle").exists()


def test_a_bundle_is_never_written_over(made, capsys):
    assert bundle(made) == cli.UNUSABLE
    there = made / "bundle"
    assert (
        capsys.readouterr().err
        == f"error: {there} is there already; remove it or name another --out\n"
    )


def test_a_split_without_images_leaves_nothing_behind(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ESR_HARNESS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "two.toml").write_text(TWO_SPLITS)
    tiny.write_data(tmp_path / "data")
    assert bundle(tmp_path) == cli.UNUSABLE
    assert "holds no split of protocol tiny; it wants test_HR/*.png" in capsys.readouterr().err
    assert [path.name for path in tmp_path.glob("*bundle*")] == []


def test_a_link_stands_in_for_lr(tmp_path, monkeypatch):
    monkeypatch.setenv("ESR_HARNESS_CACHE", str(tmp_path / "cache"))
    tiny.write_data(tmp_path / "data")
    link = "https://example.org/lr.zip"
    assert bundle(tmp_path, "--lr-link", link, protocol=tiny.PROTOCOL) == cli.OK
    assert schema.faults(tmp_path / "bundle") == []
    assert not (tmp_path / "bundle/public_data").exists()
    assert f"[here]({link})" in (tmp_path / "bundle/pages/overview.md").read_text()
