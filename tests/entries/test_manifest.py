"""Manifests of submissions."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.entries.manifest import read_manifest
from harness.errors import SubmissionError
from harness.records.schema import to_table
from harness.records.text import one_line
from tests.support.manifests import GOOD, write


def test_a_whole_manifest(tmp_path):
    text = """
name = "SPAN"
team = "Baseline"
id = 0
[model]
file = "model.py"
factory = "SPAN"
arguments = { feature_channels = 28 }
data_range = 255
scale = 3
multiple_of = 8
[weights]
path = "weights.pth"
key = "params_ema"
strict = false
[complexity]
factory = "SPANPlain"
[factsheet]
authors = "A. Uthor"
[claimed]
psnr_valid_db = 26.94
runtime_ms = 8
"""
    manifest = read_manifest(write(tmp_path / "span", text))
    assert manifest.model.arguments == {"feature_channels": 28}
    assert (manifest.model.data_range, manifest.model.scale) == (255.0, 3)
    assert manifest.weights.strict is False
    assert manifest.complexity.factory == "SPANPlain"
    assert manifest.factsheet.authors == "A. Uthor"
    assert manifest.claimed == {"psnr_valid_db": 26.94, "runtime_ms": 8.0}


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("name = ", "is not valid TOML"),
        (GOOD + "fctory = 1\n", "unknown key 'fctory' at [model]; did you mean 'factory'?"),
        (GOOD + '[wieghts]\npath = "x"\n', "unknown key 'wieghts' at the top level; did you"),
        (GOOD + "data_range = 0\n", "data_range is 0.0; it must be above 0"),
        (GOOD + "scale = 0\n", "scale is 0; it must be 1 or more"),
        (GOOD.replace("model.py", "other.py"), "'other.py' does not exist"),
        (GOOD.replace('"a"', '" "'), "name is empty"),
        (GOOD + "[claimed]\nruntime_s = 1\n", "claimed has 'runtime_s', which is no figure"),
        (GOOD.replace('factory = "Network"', ""), "model.factory is missing"),
        (GOOD + "[build]\n", "[build] takes `command` or `extension`"),
        (GOOD + '[build]\nextension = ["op.cu"]\n', "build.extension op.cu does not exist"),
        (
            GOOD + '[build]\ncommand = ["make"]\nfolder = ".."\n',
            "build.folder '..' is no folder of",
        ),
        (GOOD + '[build]\ncommand = ["make"]\nneeds = "rocm"\n', "build.needs must be one of"),
    ],
)
def test_faults_of_a_manifest_name_file_and_remedy(tmp_path, manifest, message):
    folder = write(tmp_path / "entry", manifest)
    with pytest.raises(SubmissionError) as caught:
        read_manifest(folder)
    assert str(folder / "submission.toml") in str(caught.value)
    assert message in str(caught.value)


def test_a_manifest_with_all_options_and_the_name_that_tables_show(tmp_path):
    text = GOOD + "multiple_of = 8\ntile = 256\ntile_overlap = 16\nself_ensemble = true\n"
    manifest = read_manifest(write(tmp_path / "a", text))
    model = manifest.model
    assert (model.tile, model.tile_overlap, model.self_ensemble) == (256, 16, True)
    assert (manifest.name, manifest.shown_name) == ("a", "a+")
    assert read_manifest(write(tmp_path / "b")).shown_name == "a"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("tile = 0", "model.tile is 0; it must be 1 or more"),
        ("tile = 32", "model.tile_overlap is 32 (32 unless given); it must be 0 or more"),
        ("tile = 64\ntile_overlap = 65", "and below model.tile, 64"),
        ("tile = 64\ntile_overlap = -1", "model.tile_overlap is -1"),
        ("tile_overlap = 16", "is given without model.tile"),
        ("tile = 100\nmultiple_of = 16", "model.tile 100 is not a multiple of model.multiple_of"),
        ("self_ensemble = 8", "model.self_ensemble must be"),
    ],
)
def test_options_that_contradict_each_other_are_one_sentence(tmp_path, options, message):
    with pytest.raises(SubmissionError) as caught:
        read_manifest(write(tmp_path / "entry", f"{GOOD}{options}\n"))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (GOOD + "data_range = nan\n", "model.data_range is nan; give a finite number"),
        (GOOD + f"data_range = 1{'0' * 400}\n", "model.data_range is too large a number"),
        (GOOD + f"scale = {'9' * 5000}\n", "is not valid TOML"),
        (
            GOOD + "arguments = { since = 2020-01-01 }\n",
            "model.arguments.since is a date or a time",
        ),
        (GOOD + f"arguments = {{ a = {'[' * 40}{']' * 40} }}\n", "is nested too deep"),
        (GOOD + f"arguments = {{ a = {'[' * 9000}{']' * 9000} }}\n", "is not valid TOML"),
        (GOOD.replace("model.py", "m" * 5000), "does not exist"),
        (GOOD.replace("model.py", "\\u0000.py"), "has control characters; write it without"),
        (GOOD.replace("model.py", "\\u202Eyp.py"), "has control characters; write it without"),
        (
            GOOD + "[weights]\npath = 'model_zoo\\net.pth'\n",
            "has backslashes; write 'model_zoo/net.pth'",
        ),
        (GOOD.replace('"a"', f'"{"a" * 201}"'), "more than 200 characters"),
        (GOOD.replace('"a"', '"\\u001b"'), "name is empty"),
        (GOOD + '[claimed]\n"\\u001b[2J" = "x"\n', "claimed.[2J must be a number"),
        (f"# {'x' * 2**20}\n{GOOD}", "cannot be read (it has more than 1048576 bytes)"),
    ],
)
def test_a_hostile_manifest_is_one_sentence_that_can_be_shown(tmp_path, manifest, message):
    with pytest.raises(SubmissionError) as caught:
        read_manifest(write(tmp_path / "entry", manifest))
    assert message in str(caught.value)
    assert one_line(str(caught.value)) == str(caught.value)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda file: file.symlink_to("/dev/zero")])
def test_a_manifest_that_is_no_file_is_not_waited_for(tmp_path, make):
    make(tmp_path / "submission.toml")
    with pytest.raises(SubmissionError, match=r"cannot be read \(it is no regular file"):
        read_manifest(tmp_path)


def test_what_tables_and_pages_show_moves_no_cursor(tmp_path):
    name = 'name = "a\\u001b[2J\\nb"\nteam = "\\u202Ec"\n'
    sheet = '[factsheet]\ndescription = """two\nlines\\u0007"""\n'
    text = GOOD.replace('name = "a"\n', name) + sheet
    manifest = read_manifest(write(tmp_path / "a", text))
    assert (manifest.name, manifest.team) == ("a[2J b", "c")
    assert manifest.factsheet.description == "two\nlines"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_mutated_manifest_is_read_or_refused(tmp_path_factory, data):
    lines = (GOOD + 'arguments = { a = 1 }\n[weights]\npath = "x"\n[claimed]\nparams = 1\n').split(
        "\n"
    )
    index = data.draw(st.integers(0, len(lines) - 1))
    key = lines[index].partition("=")[0]
    values = ("nan", "-1", "[]", "{}", '""', "1e999", "07:32:00", "true", '"\\u0000"', '"../../x"')
    lines[index] = data.draw(
        st.sampled_from([f"{key}= {value}" for value in values]) | st.text(max_size=20)
    )
    folder = write(tmp_path_factory.mktemp("mutated") / "a", "\n".join(lines))
    try:
        manifest = read_manifest(folder)
    except SubmissionError as error:
        assert one_line(str(error)) == str(error)
    else:
        json.dumps(to_table(manifest), allow_nan=False).encode()
