"""Imports point downward only; see docs/architecture.md."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# from the ground up; a room may import from its own floor and from those before it
FLOORS = [
    {"errors"},
    {"records"},
    {"schema", "files", "csv_rows", "downloads", "select_model"},
    {"images", "resize", "fidelity", "statistics"},
    {
        "protocol",
        "overlays",
        "repository",
        "submission",
        "cache",
        "crops",
        "datasets",
        "eligibility",
        "ranking",
        "table",
        "published",
        "runtimes",
        "certainty",
        "rank_sums",
        "scrutiny",
    },
    {"devices", "complexity", "loading", "timing", "variants", "witness"},
    {"leash", "worker"},
    {
        "album",
        "log",
        "staging",
        "sandbox",
        "store",
        "environment",
        "nvml",
        "ceiling",
        "sampler",
        "scorers",
        "weights",
    },
    {
        "bench",
        "flags",
        "adoption",
        "evaluate",
        "illustration",
        "scoring",
        "session",
        "rounds",
        "leaderboard",
        "comparison",
        "progress",
    },
    {"frames", "harness"},
    {"challenge", "preflight", "profiling"},
    {"reports"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted([*ROOT.glob("harness/**/*.py"), *ROOT.glob("reports/**/*.py")])


def room_of(module):
    """Return the room of a dotted module: `harness.devices.cpu` is in `devices`."""
    parts = module.split(".")
    return parts[0] if len(parts) == 1 or parts[0] == "reports" else parts[1]


def imported_rooms(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module]
            if node.module == "harness":
                modules = [f"harness.{alias.name}" for alias in node.names]
        else:
            continue
        for module in modules:
            if module.split(".")[0] in ("harness", "reports", "models", "tests"):
                yield room_of(module)


def own_room(file):
    relative = file.relative_to(ROOT).with_suffix("")
    return room_of(".".join(part for part in relative.parts if part != "__init__"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_downward(file):
    own = own_room(file)
    for room in imported_rooms(file):
        assert room in LEVEL, f"{room} has no floor"
        assert LEVEL[room] <= LEVEL[own], f"{own} may not import {room}"


def test_the_worker_cannot_reach_hr_images_or_results():
    reached, waiting = set(), {"worker"}
    while waiting:
        room = waiting.pop()
        reached.add(room)
        files = [file for file in FILES if own_room(file) == room]
        waiting |= {r for file in files for r in imported_rooms(file)} - reached
    assert not reached & {"datasets", "cache", "fidelity", "store", "scorers", "evaluate"}
    assert "loading" in reached


def test_no_module_is_longer_than_300_lines():
    long = [file for file in FILES if len(file.read_text().splitlines()) > 300]
    assert long == []
