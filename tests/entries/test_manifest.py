"""Manifests of submissions."""

import pytest

from harness.entries.manifest import read_manifest
from harness.errors import SubmissionError
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
        (GOOD.replace('factory = "Network"', ""), "[model] lacks the key 'factory'"),
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
