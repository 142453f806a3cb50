"""Code of an entry's own is compiled once, jailed, and reaches every pass."""

import socket

import pytest

from harness.entries.discovery import discover
from harness.records import BuildTable, Machine
from harness.sandbox import jail
from harness.worker import building
from tests.support import tiny

MODEL = """
import torch
from made import SCALE

class Network(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.interpolate(x, scale_factor=SCALE)
"""
MANIFEST = """
name = "built"
[model]
file = "model.py"
factory = "Network"
[build]
command = ["python", "build.py"]
"""
GOOD = "print('compiling'); open('made.py', 'w').write('SCALE = 4')"


@pytest.fixture
def entry(tmp_path):
    def written(build: str, manifest: str = MANIFEST):
        folder = tmp_path / "built"
        folder.mkdir(exist_ok=True)
        (folder / "model.py").write_text(MODEL)
        (folder / "submission.toml").write_text(manifest)
        (folder / "build.py").write_text(build)
        return folder

    return written


@pytest.fixture
def run(tmp_path):
    data = tiny.write_data(tmp_path / "data")

    def measured(folder, **options):
        edition = tiny.untimed()
        found, recorder = tiny.run(tmp_path / "out", data, [folder], edition=edition, **options)
        return found.entries[0], [stage for _, stage in recorder.stages]

    return measured


@pytest.mark.heavy
def test_what_was_built_reaches_every_pass_and_is_built_once(entry, run, tmp_path):
    folder = entry(GOOD)
    found, stages = run(folder)
    assert found.status == "ok", found.failure
    assert stages == ["build", "inspect", "restore"]
    assert found.flags["compiled"] == "compiled here from its sources: made.py"
    assert not (folder / "made.py").exists()
    (kept,) = (tmp_path / "out" / "store" / "build").glob("*.json")
    assert "compiling" in kept.read_text()
    assert run(folder)[1] == []
    (folder / "weights.pth").write_bytes(b"other")  # no source
    assert run(folder)[1] == ["inspect", "restore"]
    (folder / "build.py").write_text(f"{GOOD}  # otherwise")
    assert run(folder)[1] == ["build", "inspect", "restore"]


def test_another_compiler_or_device_is_another_build(entry):
    from harness.evaluation import building as builds

    (found,) = discover([entry(GOOD)])
    machines = (
        Machine({"gpu": "A", "threads": "1"}, compilers={"c++": "12"}),
        Machine({"gpu": "A", "threads": "2"}, compilers={"c++": "12"}),
        Machine({"gpu": "B", "threads": "1"}, compilers={"c++": "12"}),
        Machine({"gpu": "A", "threads": "1"}, compilers={"c++": "13"}),
    )
    first, same, *others = (builds.depends(found, machine) for machine in machines)
    assert first == same
    assert all(other != first for other in others)


FAULTS = {
    "import sys; print('op.cpp:3:5: error: unknown type name'); print('more'); sys.exit(1)": (
        "the build failed: op.cpp:3:5: error: unknown type name"
    ),
    "pass": "made no file",
    "raise ValueError('no such option')": "ValueError: no such option",
    "open('made.py', 'w').write('SCALE = 4'); import os; os.kill(os.getppid(), 9)": "SIGKILL",
}


@pytest.mark.heavy
@pytest.mark.parametrize("build", FAULTS)
def test_a_build_that_fails_is_the_entry_s_own_failure(build, entry, run):
    found, stages = run(entry(build))
    assert (found.status, stages) == ("failed", ["build"])
    assert FAULTS[build] in found.failure.reason
    assert run(entry(build))[1] == []
    assert run(entry(GOOD))[0].status == "ok"


@pytest.mark.heavy
def test_a_build_that_hangs_is_ended(entry, run):
    found, _ = run(entry("import time; time.sleep(600)"), time_limit=3)
    assert "the build pass took longer than 3 s" in found.failure.reason


@pytest.mark.heavy
def test_a_build_reaches_neither_other_folders_nor_the_network(entry, run, tmp_path):
    if jail.chosen().level == "none":
        pytest.skip("no jail here")
    marker = tmp_path / "marker"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        outside = f"open({str(marker)!r}, 'w').write('x')"
        found, _ = run(entry(outside))
        assert (found.failure.stage, marker.exists()) == ("build", False)
        assert str(marker) in found.failure.reason
        found, _ = run(entry(f"import urllib.request as u; u.urlopen('http://127.0.0.1:{port}')"))
        assert found.failure.stage == "build"
        assert "URLError" in found.failure.reason


def test_what_needs_cuda_is_skipped_without_it(entry, run):
    found, stages = run(entry(GOOD, MANIFEST + 'needs = "cuda"\n'))
    assert (found.status, found.failure.stage, stages) == ("skipped", "build", [])
    assert "needs CUDA and the device is fake" in found.failure.reason


OUTPUTS = {  # what a build prints -> the number of the line that is told
    ("a.cpp:1:2: warning: w", "a.cpp:3:4: error: e", "b.cpp:1:1: error: f"): 1,
    ("make: entering", "k.cu(12): error: identifier is undefined"): 1,
    ("a.h:9:10: fatal error: no.h: No such file", "bye"): 0,
    ("nvcc fatal   : Unsupported gpu architecture 'compute_70'", "bye"): 0,
    ("a.o: in function f: undefined reference to `g'", "collect2: error: ld returned 1"): 0,
    ("KeyError: 'first'", "RuntimeError: last", "bye"): 1,
    ("one", "two", ""): 1,
}


@pytest.mark.parametrize("lines", OUTPUTS)
def test_the_first_error_of_a_compiler_is_told(lines):
    assert building.first_error(lines) == lines[OUTPUTS[lines]]


def test_a_build_that_says_nothing_has_no_error():
    assert not building.first_error([])


def test_objects_and_what_setuptools_copies_from_are_no_product(tmp_path):
    script = (
        "import pathlib as p\n"
        "for name in ('build/temp.x/a.o', 'build/lib.x/a.so', 'a.so', 'sub/b.o', 'csrc/a.cpp'):\n"
        "    file = p.Path(name); file.parent.mkdir(parents=True, exist_ok=True)\n"
        "    file.write_text('x')\n"
    )
    (tmp_path / "csrc").mkdir()
    (tmp_path / "csrc" / "old.cpp").write_text("y")
    (tmp_path / "b.py").write_text(script)
    table = BuildTable(command=("python", "b.py"))
    assert building.build(table, tmp_path) == ("a.so", "csrc/a.cpp")
