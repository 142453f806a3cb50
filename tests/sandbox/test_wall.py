"""Beside an entry, the rooms of the project that a pass does not need have not even a name."""

import json

import pytest

from tests.support import tiny
from tests.support.places import ROOT

pytestmark = pytest.mark.heavy

SEEN = ("harness.errors", "harness.records", "harness.worker")
MODEL = """
import importlib, json, torch
found = []
for name in json.loads({names!r}):
    try:
        importlib.import_module(name)
        found.append(name)
    except ModuleNotFoundError:
        pass
print("found", json.dumps(found))
{more}

class Network(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.interpolate(x, scale_factor=4)
"""


def modules():
    """Name every module of the project as an import statement would."""
    for top in ("harness", "reports", "models", "tests", "benchmarks", "run_challenge.py"):
        for file in [ROOT / top] if top.endswith(".py") else sorted((ROOT / top).rglob("*.py")):
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__")


def entry(folder, names, more=""):
    folder.mkdir()
    (folder / "model.py").write_text(MODEL.format(names=json.dumps(names), more=more))
    manifest = '[model]\nfile = "model.py"\nfactory = "Network"\n'
    (folder / "submission.toml").write_text(f'name = "{folder.name}"\nteam = "none"\n{manifest}')
    return folder


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wall")
    tried = entry(folder / "tries", list(modules()))
    own = entry(folder / "own", [], more="import reports; print(reports.WHOSE)")
    (own / "reports.py").write_text('WHOSE = "the entry\'s own"')
    data = tiny.write_data(folder / "data")
    run, _ = tiny.run(folder / "out", data, [tried, own], time_limit=120.0)
    assert [one.status for one in run.entries] == ["ok", "ok"], [e.failure for e in run.entries]
    return {one.slug: one.log for one in run.entries}


def test_an_entry_finds_none_of_the_other_rooms_by_name(logs):
    (line,) = (line for line in logs["tries"].splitlines() if line.startswith("found"))
    found = json.loads(line.removeprefix("found"))
    assert "harness.worker.loading" in found
    assert [name for name in found if name != "harness" and not name.startswith(SEEN)] == []


def test_an_entry_may_have_a_module_of_the_name_of_ours(logs):
    assert "the entry's own" in logs["own"]
