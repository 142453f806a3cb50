"""Faults of meaning are told although the layout has some too, and none is made up."""

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from harness import protocols
from harness.protocols import reading
from harness.protocols.mending import faults_behind
from harness.records import Protocol, schema

ODD = [[{"odd": 1}]]  # fits no field
EDITIONS = [name for name in protocols.bundled() if name != "classic"]  # which is of many scales


def edition(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(protocols.__file__).parent / f"{name}.toml").read_text("utf-8"))


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (container, key) of everything in a table."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


@pytest.mark.parametrize("name", EDITIONS)
def test_a_value_that_does_not_fit_is_no_fault_of_meaning(name: str) -> None:
    count = len(list(places(edition(name))))
    assert count > 20
    for number in range(count):
        table = edition(name)
        container, key = list(places(table))[number]
        container[key] = deepcopy(ODD)
        with pytest.raises(schema.SchemaError):
            schema.from_table(Protocol, table)
        assert list(faults_behind(table)) == [], key


@pytest.mark.parametrize("name", EDITIONS)
def test_a_key_that_lacks_is_no_fault_of_meaning(name: str) -> None:
    lacking = 0
    for number in range(len(list(places(edition(name))))):
        table = edition(name)
        container, key = list(places(table))[number]
        del container[key]
        try:
            schema.from_table(Protocol, table)
        except schema.SchemaError:
            lacking += 1
            assert list(faults_behind(table)) == [], key
    assert lacking > 5


def test_a_misspelt_key_is_read_as_the_one_it_means() -> None:
    text = 'name = "own"\ntitle = "Own"\nscale = 4\nborder = 4\n[counter]\nname = "torch"\n'
    text += 'sourc = "here"\n[[splits]]\nname = "valid"\nhr = "HR/*.png"\nlrs = "LR.png"\n'
    _, faults = reading.read(text)
    assert faults == [
        "unknown key 'lrs' at [splits[0]]; did you mean 'lr'?",
        "unknown key 'sourc' at [counter]; did you mean 'source'?",
        "[counter] lacks the key 'source'",
        "split 'valid': 'LR.png' must lie below the data folder, one `*` in its file name",
    ]


def test_both_kinds_are_told_together() -> None:
    table = edition("ntire2026")
    table["scale"] = "four"
    table["tracks"][0]["weights"] = {"runtime_s": 1, "flops": "much"}
    table["baseline"]["names"] = "SPAN"
    table["timing"] = {"sweeps": 0, "rounds": "ten"}
    assert list(faults_behind(table)) == [
        "timing.rounds must be at least 0, and timing.sweeps at least 1",
        "track 'overall': unknown metric 'runtime_s'; did you mean 'runtime_ms'?",
    ]
