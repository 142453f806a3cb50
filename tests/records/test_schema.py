"""Records from tables and back."""

import json
import math
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.records import Fidelity, Visit
from harness.records.schema import SchemaError, from_table, to_table


@dataclass(frozen=True)
class Inner:
    width: int
    kind: Literal["a", "b"] = "a"


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner
    sizes: tuple[int, ...] = ()
    pair: tuple[int, int] = (1, 2)
    ratio: float = 1.0
    note: str | None = None
    table: dict[str, Inner] = field(default_factory=dict)


GOOD = {"name": "x", "inner": {"width": 3}}


def test_defaults_and_nested_records():
    assert from_table(Outer, GOOD) == Outer("x", Inner(3))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nmae": "y"}, "unknown key 'nmae' at the top level; did you mean 'name'?"),
        ({"inner": {"width": 3, "knd": "a"}}, "unknown key 'knd' at [inner]; did you mean 'kind'?"),
        ({"inner": {}}, "[inner] lacks the key 'width'"),
        ({"inner": {"width": 3.5}}, "inner.width must be a whole number, not 3.5"),
        ({"inner": {"width": True}}, "inner.width must be a whole number, not True"),
        ({"inner": {"width": 1, "kind": "c"}}, "inner.kind must be one of 'a', 'b', not 'c'"),
        ({"inner": 4}, "inner must be a table, not 4"),
        ({"sizes": [1, "2"]}, "sizes[1] must be a whole number, not '2'"),
        ({"pair": [1]}, "pair must be a list of 2 values, not [1]"),
        ({"ratio": "1"}, "ratio must be a number, not '1'"),
        ({"name": None}, "name must be text, not nothing"),
        ({"table": {"k": {"width": "w"}}}, "table.k.width must be a whole number, not 'w'"),
        ({"zzz": 1}, "unknown key 'zzz' at the top level; known keys: name, inner"),
    ],
)
def test_faults_name_their_place(change, message):
    with pytest.raises(SchemaError) as caught:
        from_table(Outer, GOOD | change)
    assert str(caught.value).startswith(message)


def test_whole_numbers_serve_as_floats():
    ratio = from_table(Outer, GOOD | {"ratio": 2}).ratio
    assert (ratio, type(ratio)) == (2.0, float)


@given(st.builds(Fidelity, *[st.floats(allow_nan=False)] * 4))
def test_fidelity_survives_strict_json(fidelity):
    text = json.dumps(to_table(fidelity), allow_nan=False)
    assert from_table(Fidelity, json.loads(text)) == fidelity


def test_not_a_number_survives_strict_json():
    fidelity = Fidelity(math.nan, 0.0, 0.0, 0.0)
    text = json.dumps(to_table(fidelity), allow_nan=False)
    assert math.isnan(from_table(Fidelity, json.loads(text)).psnr_db)


@given(
    st.dictionaries(
        st.text(), st.lists(st.lists(st.floats(0, 1e9), max_size=3).map(tuple)).map(tuple)
    )
)
def test_raw_samples_survive_json(samples):
    visit = Visit(samples, dict.fromkeys(samples, 1), "kind", {})
    assert from_table(Visit, json.loads(json.dumps(to_table(visit)))) == visit
