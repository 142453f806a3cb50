"""Whatever a worker answers is an answer in every particular, or its entry's failure."""

import copy
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import PassError
from harness.records import Failure
from harness.records.schema import from_table
from harness.records.text import one_line
from harness.sandbox import answers
from tests.support.answers import RESULTS, answer, job

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.sampled_from(["nan", "inf", "\x1b[2J", "\ud800", "valid", "9" * 500])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def read(pass_name, content):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    return answers.outcome(content, job(pass_name), "log")


def places(value, path=()):
    """Yield the path of every value within plain values."""
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, key))


def mutated(value, path, new):
    if not path:
        return new
    value = copy.deepcopy(value)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    if new is Ellipsis:
        del inner[path[-1]]
    else:
        inner[path[-1]] = new
    return value


def numbers(value):
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from numbers(item)
    elif isinstance(value, int | float):
        yield value


@pytest.mark.parametrize("name", RESULTS)
def test_an_honest_answer_is_taken_as_it_is(name):
    outcome = read(name, answer(name))
    assert from_table(type(RESULTS[name]), outcome.result) == RESULTS[name]
    assert (outcome.switches_changed, outcome.log, outcome.failure) == (("threads",), "log", None)


@pytest.mark.parametrize("name", RESULTS)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_forged_answer_is_a_failure_or_one_that_could_be_true(name, data):
    honest = answer(name)
    path = data.draw(st.sampled_from(list(places(honest))))
    forged = mutated(honest, path, data.draw(JSON | st.just(...)) if path else data.draw(JSON))
    try:
        outcome = read(name, forged)
    except PassError as error:
        assert one_line(str(error)) == str(error)
        return
    if outcome.failure is None:
        from_table(type(RESULTS[name]), outcome.result)
        assert all(math.isfinite(one) and one >= 0 for one in numbers(outcome.result))
    json.dumps(outcome.result, allow_nan=False, ensure_ascii=False).encode()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40))
def test_bytes_that_are_no_answer_are_a_failure(content):
    with pytest.raises(PassError, match="left a result that is not the harness's"):
        read("time", content)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"result":' * 100_000, b"9" * 5000])
def test_an_answer_nested_too_deep_is_a_failure(content):
    with pytest.raises(PassError):
        read("inspect", content)


def test_a_switch_of_either_interface_may_have_been_changed():
    content = answer("time") | {"switches_changed": ["threads", "cudnn.enabled", "fp32_precision"]}
    assert read("time", content).switches_changed == tuple(content["switches_changed"])


@pytest.mark.parametrize(
    ("path", "new", "why"),
    [
        (("result", "cores", 0), -1, "out of range"),
        (("result", "cores", 0), "nan", "a number is nan"),
        (("result", "dtypes"), ..., "lacks the key 'dtypes'"),
        (("result", "samples_ms"), {"valid": [[1.0]]}, "samples_ms"),
        (("result", "flags"), {"<b>": ""}, "flags"),
        (("switches_changed",), {"threads": 1}, "no list of switches"),
        (("switches_changed",), ["os.system"], "no list of switches"),
        (("result",), ..., "must be a table, not nothing"),
        (("failure",), {"stage": "load"}, "lacks the key 'reason'"),
        (("failure",), {"stage": "winner", "reason": "x"}, "is no stage"),
    ],
)
def test_what_was_not_asked_for_is_named(path, new, why):
    honest = answer("time")
    forged = honest | {"failure": new} if path == ("failure",) else mutated(honest, path, new)
    with pytest.raises(PassError, match=why):
        read("time", forged)


def test_a_failure_comes_with_its_log():
    told = {"failure": {"stage": "load", "reason": "no \x1b[31mfile"}}
    outcome = read("inspect", told)
    assert (outcome.failure, outcome.log) == (Failure("load", "no [31mfile"), "log")
