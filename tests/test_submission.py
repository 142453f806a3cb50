"""Manifests and folders of submissions."""

import pytest

from harness.errors import InputError, SubmissionError
from harness.submission import BrokenSubmission, digest, discover, read_manifest
from tests import tiny

GOOD = 'name = "a"\n[model]\nfile = "model.py"\nfactory = "Network"\n'


def write(folder, manifest=GOOD, model="x = 1\n"):
    folder.mkdir(parents=True)
    (folder / "submission.toml").write_text(manifest)
    (folder / "model.py").write_text(model)
    return folder


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


def test_a_folder_of_submissions_is_all_of_them_and_a_broken_one_is_kept(tmp_path):
    write(tmp_path / "b")
    write(tmp_path / "a", "name = ")
    (tmp_path / "notes").mkdir()
    first, second = discover([tmp_path])
    assert isinstance(first, BrokenSubmission)
    assert (first.slug, second.slug) == ("a", "b")


def test_slugs_are_unique_and_safe_in_file_names(tmp_path):
    paths = [write(tmp_path / "x" / "My net!"), write(tmp_path / "y" / "My net!")]
    assert [found.slug for found in discover(paths)] == ["My-net", "My-net-2"]


def test_a_submission_named_twice_is_taken_once(tmp_path):
    folder = write(tmp_path / "a")
    assert len(discover([folder, tmp_path])) == 1


def test_two_entries_may_not_share_an_id(tmp_path):
    for name in "ab":
        write(tmp_path / name, "id = 7\n" + GOOD)
    with pytest.raises(InputError, match="id 7 is claimed by"):
        discover([tmp_path])


def test_paths_without_submissions_are_refused(tmp_path):
    with pytest.raises(InputError, match="is not a folder"):
        discover([tmp_path / "nowhere"])
    (tmp_path / "submision.toml").write_text(GOOD)
    with pytest.raises(InputError, match=r"rename submision\.toml to submission\.toml"):
        discover([tmp_path])


def test_the_digest_covers_shared_files_and_not_the_place(tmp_path):
    shared = tmp_path / "models" / "net.py"
    shared.parent.mkdir()
    shared.write_text("a = 1\n")
    manifest = GOOD.replace("model.py", "../models/net.py")
    write(tmp_path / "entry", manifest)
    (found,) = discover([tmp_path / "entry"])
    before = digest(found)
    shared.write_text("a = 2\n")
    assert digest(found) != before
    shared.write_text("a = 1\n")
    assert digest(found) == before
    (tmp_path / "entry" / "__pycache__").mkdir()
    (tmp_path / "entry" / "__pycache__" / "model.pyc").write_text("")
    assert digest(found) == before


def test_the_shipped_test_entries_are_found():
    slugs = {found.slug for found in discover([tiny.SUBMISSIONS])}
    assert {"good", "hangs", "wrong_manifest"} <= slugs
