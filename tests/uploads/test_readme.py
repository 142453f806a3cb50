"""A readme is read however teams write it, and refused where it says nothing sensible."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DataError
from harness.records import Claims
from harness.uploads import readme


def test_the_template_is_read():
    assert readme.read(readme.TEMPLATE) == Claims(
        0.07,
        on_cpu=False,
        extra_data=False,
        params=150688,
        description="the device, the training data, what else should be known",
    )


LINES = {
    "runtime_s": ("runtime per image [s]", st.floats(1e-6, 1e4), repr),
    "on_cpu": ("CPU[1] / GPU[0]", st.booleans(), lambda flag: str(int(flag))),
    "extra_data": (
        "Extra Data [1] / No Extra Data [0]",
        st.booleans(),
        lambda flag: str(int(flag)),
    ),
    "params": ("params", st.integers(0, 10**9), str),
}
SPACES = st.sampled_from(["", " ", "  ", "\t"])
CASES = st.sampled_from([str.lower, str.upper, str.title, str])


@settings(max_examples=50)
@given(st.data(), st.lists(st.sampled_from(sorted(LINES)), unique=True))
def test_spacing_case_order_and_missing_lines_do_not_matter(data, names):
    expected, lines = {}, []
    for name in names:
        key, values, written = LINES[name]
        expected[name] = data.draw(values)
        colon = data.draw(st.sampled_from([":", "=", "："]))
        parts = [data.draw(CASES)(key), colon, written(expected[name]), ""]
        lines.append("".join(data.draw(SPACES) + part for part in parts))
    end = data.draw(st.sampled_from(["\n", "\r\n", "\n\n"]))
    assert readme.read(end.join(lines)) == Claims(**expected)


@pytest.mark.parametrize(
    ("line", "claims"),
    [
        ("runtime per image [ms] : 7.5", Claims(runtime_s=0.0075)),
        ("runtime per image [s] : 7.5 ms", Claims(runtime_s=0.0075)),
        ("Runtime per image[s]: 0,07 s / image", Claims(runtime_s=0.07)),
        ("runtime per image [s] : 1e-3", Claims(runtime_s=0.001)),
        ("params [M] : 0.151", Claims(params=151000)),
        ("Parameters: 0,151 M", Claims(params=151000)),
        ("Number of parameters: 12,345,678", Claims(params=12345678)),
        ("params : 150K", Claims(params=150000)),
        ("CPU[1] / GPU[0] : GPU", Claims(on_cpu=False)),
        ("Extra Data [1] / No Extra Data [0] : No", Claims(extra_data=False)),
        ("runtime per image [s] :", Claims()),
        ("dear organisers", Claims()),
        ("\ufeffruntime per image [s] : 1", Claims(runtime_s=1.0)),
        (
            "Other description : on one GPU\nruntime: see the paper\nparams : 12",
            Claims(description="on one GPU\nruntime: see the paper", params=12),
        ),
    ],
)
def test_what_teams_write_is_read(line, claims):
    assert readme.read(line) == claims


RUNTIME = "a runtime is a number of seconds above 0, like 0.07"
PARAMS = "a number of parameters is like 150688 or 0.151 M"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("runtime per image [s] : fast", RUNTIME),
        ("runtime per image [s] : -1", RUNTIME),
        ("runtime per image [s] : 0", RUNTIME),
        ("runtime per image [s] : nan", RUNTIME),
        ("runtime per image [s] : 1e999", RUNTIME),
        ("runtime per image [s] : 3 weeks", RUNTIME),
        ("runtime per image [s] : 1.2.3", RUNTIME),
        ("runtime per image [s] 0.07", "it has no colon; write it as in the template"),
        ("params : many", PARAMS),
        ("params : -3", PARAMS),
        ("params : 1e40", PARAMS),
        ("CPU[1] / GPU[0] : 2", "it is 0 or 1"),
        ("Extra Data [1] / No Extra Data [0] : perhaps", "it is 0 or 1"),
    ],
)
def test_nonsense_is_refused_with_its_line(line, why):
    with pytest.raises(DataError) as refusal:
        readme.read(f"hello\n{line}")
    assert str(refusal.value) == f"line 2 ({line!r}): {why}"


def test_every_line_of_nonsense_is_named():
    text = "params : 1\nparams : 2\nCPU[1] / GPU[0] : x"
    with pytest.raises(DataError) as refusal:
        readme.read(text)
    assert str(refusal.value) == (
        "line 2 ('params : 2'): a line before it says this already; leave one out; "
        "line 3 ('CPU[1] / GPU[0] : x'): it is 0 or 1"
    )
