"""The wheel alone, without a clone: the embedded challenge runs, baselines are known."""

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile

import pytest

from harness import protocols
from tests.support.places import ROOT


def shipped() -> set[str]:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())
    folders = table["tool"]["setuptools"]["data-files"]
    return {folder.rpartition("/")[2] for folder in folders if "/submissions/" in folder}


def test_what_protocols_name_is_shipped():
    editions = [protocols.load_scales(name)[0] for name in protocols.bundled()]
    entries = {entry for edition in editions for entry in edition.entries}
    baselines = {
        edition.baseline.names[0].lower() for edition in editions if edition.baseline.names
    }
    assert entries | {name.replace(" ", "_") for name in baselines} == shipped()


@pytest.mark.heavy
def test_a_wheel_runs_the_embedded_challenge_in_a_folder_of_its_own(tmp_path):
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = tmp_path / "source"
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in tracked.stdout.split("\0"):
        if name.split("/")[0] in ("harness", "reports", "models", "submissions") or (
            name in ("pyproject.toml", "README.md", "LICENSE")
        ):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(source)]
    subprocess.run([*pip, *build], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert not any(
        name.startswith(("models", "submissions")) for name in zipfile.ZipFile(wheel).namelist()
    )
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    install = ["--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*pip, *install], check=True)
    # the packages it needs are those of this environment
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (site / "here.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run = ["run", "--rounds", "0", "--no-ssim", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [tmp_path / "venv" / "bin" / "esr-harness", *run],
        cwd=tmp_path,
        env=os.environ | {"ESR_HARNESS_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert "Demo small" in done.stdout
    assert (tmp_path / "out" / "report" / "index.html").is_file()
