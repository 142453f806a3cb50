"""`score`: SR images in a folder or a ZIP file, all faults together, the goldens' digits."""

import json
import zipfile

import numpy as np
import pytest

from harness import cli
from harness.images.fidelity import fidelity
from harness.images.png import read_image, write_image
from tests.support import tiny, uploads


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ESR_HARNESS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def data(tmp_path):
    return tiny.write_data(tmp_path / "data")


@pytest.fixture
def upload(tmp_path, data):
    return uploads.bicubic(tmp_path / "upload", data / "valid_LR")


def score(upload, data, *more):
    return cli.main(
        ["score", str(upload), "--protocol", str(tiny.PROTOCOL), "--data", str(data), *more]
    )


@pytest.mark.parametrize("name", ["{}x4.png", "{}.png"])
def test_figures_are_those_of_the_arithmetic_and_claims_stand_apart(
    upload, data, tmp_path, capsys, name
):
    for image in "ab":
        (upload / f"{image}x4.png").rename(upload / name.format(image))
    assert score(upload, data, "--json", str(tmp_path / "scores.json")) == cli.OK
    table = json.loads((tmp_path / "scores.json").read_text())
    expected = [
        vars(
            fidelity(
                read_image(upload / name.format(image)),
                read_image(data / f"valid_HR/{image}.png"),
                border=4,
            )
        )
        for image in "ab"
    ]
    assert [one["fidelity"] for one in table["images"]] == expected
    for figure, mean in table["mean"].items():
        assert mean == np.mean([one[figure] for one in expected])
    assert table["claims"] == {
        "runtime_s": 0.07,
        "on_cpu": False,
        "extra_data": True,
        "params": 150688,
        "description": "made for tests",
    }
    printed = capsys.readouterr().out
    means = next(line.split() for line in printed.splitlines() if line.startswith("mean"))
    assert means[1] == f"{table['mean']['psnr_db']:.4f}"
    assert "claimed, not measured: runtime_s 0.07\n" in printed


def test_a_zip_file_scores_as_its_folder_does(upload, data, tmp_path, capsys):
    with zipfile.ZipFile(uploads.packed(upload, tmp_path / "up.zip"), "a") as archive:
        archive.writestr("__MACOSX/._ax4.png", b"what Finder adds")
    assert score(upload, data) == cli.OK
    of_folder = capsys.readouterr().out
    assert score(tmp_path / "up.zip", data) == cli.OK
    assert capsys.readouterr().out == of_folder


@pytest.mark.parametrize(("spoil", "sentence"), uploads.SPOILT.values(), ids=uploads.SPOILT)
def test_a_bad_upload_is_refused_with_its_sentence(upload, data, capsys, spoil, sentence):
    spoil(upload)
    assert score(upload, data) == cli.UNUSABLE
    refusal = capsys.readouterr()
    assert f"\n  {sentence}" in refusal.err
    assert refusal.out == ""


def test_all_faults_are_listed_together(upload, data, capsys):
    (upload / "ax4.png").unlink()
    (upload / "bx4.png").write_bytes(b"GIF89a")
    (upload / "train.py").touch()
    (upload / "readme.txt").write_text("CPU[1] / GPU[0] : 2")
    assert score(upload, data) == cli.UNUSABLE
    assert capsys.readouterr().err == (
        f"error: {upload} has 4 fault(s), nothing was scored:\n"
        "  1 of 2 images are missing: ax4.png\n"
        "  readme.txt, line 1 ('CPU[1] / GPU[0] : 2'): it is 0 or 1\n"
        "  train.py: this phase takes SR images, not code; leave the code out\n"
        "  bx4.png is not a PNG: convert it to an 8-bit RGB PNG\n"
    )


def with_member(file, name, content=b"", mode=0, times=1):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for _ in range(times):
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)


def of_many(file):
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(10_000):
            archive.writestr(f"{number}.png", b"")


def encrypted(file):
    with_member(file, "ax4.png", b"x")
    content = bytearray(file.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(content)


ARCHIVES = {
    "a bomb": (
        lambda file: with_member(file, "ax4.png", bytes(100 << 20)),
        "is not unpacked: it would take 100 MiB on disk, more than 1 MiB that the images of valid "
        "can need: put only them and a readme in it",
    ),
    "a path that leaves": (
        lambda file: with_member(file, "../ax4.png"),
        "is not unpacked: ../ax4.png lies outside the folder: pack names without `..` or a "
        "leading `/`",
    ),
    "an absolute path": (
        lambda file: with_member(file, "/tmp/ax4.png"),
        "is not unpacked: /tmp/ax4.png lies outside the folder: pack names without `..` or a "
        "leading `/`",
    ),
    "a link": (
        lambda file: with_member(file, "ax4.png", b"/etc/passwd", mode=0o120777),
        "is not unpacked: ax4.png is a link: pack the file itself",
    ),
    "a name twice": (
        lambda file: with_member(file, "ax4.png", times=2),
        "is not unpacked: ax4.png stands in it twice: pack it once",
    ),
    "10,000 files": (
        of_many,
        "is not unpacked: it holds 10000 files, more than 1002: pack only the images",
    ),
    "a password": (
        encrypted,
        "is not unpacked: ax4.png is encrypted: pack without a password",
    ),
    "a TAR file": (
        lambda file: file.write_bytes(b"ustar"),
        "is no whole ZIP file (File is not a zip file): pack it again",
    ),
    "cut short": (
        lambda file: (with_member(file, "ax4.png"), file.write_bytes(file.read_bytes()[:-30])),
        "is no whole ZIP file (File is not a zip file): pack it again",
    ),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("make", "sentence"), ARCHIVES.values(), ids=ARCHIVES)
def test_a_bad_archive_is_not_unpacked(tmp_path, data, capsys, make, sentence):
    make(tmp_path / "up.zip")
    assert score(tmp_path / "up.zip", data) == cli.UNUSABLE
    assert capsys.readouterr().err == f"error: {tmp_path / 'up.zip'} {sentence}\n"


@pytest.mark.parametrize(
    ("spoil", "hint"),
    [
        (lambda image: image[..., ::-1], "hint: channel order: with R and B swapped"),
        (lambda image: (image >= 128).astype(np.uint8), "hint: data range: the values are 0 and 1"),
        (
            lambda image: np.rint(16 + image * (219 / 255)).astype(np.uint8),
            "hint: data range: the values look like 16..235",
        ),
    ],
)
def test_figures_that_look_like_a_slip_are_told_so(upload, data, capsys, spoil, hint):
    for image in "ab":
        hr = read_image(data / f"valid_HR/{image}.png")
        write_image(upload / f"{image}x4.png", np.ascontiguousarray(spoil(hr)))
    assert score(upload, data) == cli.OK
    hints = [line for line in capsys.readouterr().out.splitlines() if line.startswith("hint")]
    assert [line[: len(hint)] for line in hints] == [hint]


def test_a_split_without_hr_cannot_score(upload, data, capsys):
    for hr in (data / "valid_HR").iterdir():
        hr.unlink()
    assert score(upload, data) == cli.UNUSABLE
    assert capsys.readouterr().err == (
        "error: split valid has no HR images; it needs valid_HR/*.png with valid_LR/*x4.png\n"
    )


def test_what_is_not_there_is_said(data, capsys, tmp_path):
    assert score(tmp_path / "none.zip", data) == cli.UNUSABLE
    assert capsys.readouterr().err == (
        f"error: {tmp_path / 'none.zip'} does not exist; name a folder or a ZIP file of images\n"
    )
