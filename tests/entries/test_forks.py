"""Several repositories in one run, and repositories whose authors moved things."""

import pytest
import torch

from harness.cli import main
from harness.entries import repository
from harness.entries.discovery import discover
from harness.entries.submission import BrokenSubmission
from harness.errors import InputError
from tests.support import official, tiny
from tests.support.manifests import GOOD, write

BODY = """import torch
from torch import nn


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 48, 3, padding=1)

    def forward(self, x):
        return nn.functional.pixel_shuffle(self.body(x), 4)
"""
HEAD = "def select_model(args, device):\n    model_id = args.model_id\n"
BRANCH = """    {word} model_id == {number}:
        from models.{module} import Body
        name, data_range = "{number:02}_{name}", 1.0
        model = Body()
        model.load_state_dict(torch.load("model_zoo/plain.pth"))
"""
LAST = """    elif model_id == 2:
        pass  # your network here
    else:
        raise NotImplementedError
    return model.eval().to(device), name, data_range, None
"""


def fork(folder, number, baseline="base"):
    """Write a fork of one template: its baseline as id 0, the team's entry as `number`."""
    for room in ("models", "model_zoo"):
        (folder / room).mkdir(parents=True)
    torch.save(official.plain_state(), folder / "model_zoo" / "plain.pth")
    (folder / "models" / "base.py").write_text(f"from models.blocks import Body  # {baseline}\n")
    (folder / "models" / "blocks.py").write_text(BODY)
    (folder / "models" / "mine.py").write_text(f"{BODY}\n# of {folder.name}\n")
    branches = [
        BRANCH.format(word="if", number=0, module="base", name="Plain"),
        BRANCH.format(word="elif", number=number, module="mine", name="Mine"),
    ]
    (folder / "test_demo.py").write_text(HEAD + "".join(branches) + LAST)
    return folder


def names(found):
    return [(one.manifest.id, one.manifest.name, one.folder.name) for one in found]


def test_forks_give_their_own_entries_and_the_baseline_once(tmp_path):
    told = []
    paths = [fork(tmp_path / "repo7", 7), fork(tmp_path / "repo8", 8)]
    found = discover(paths, tell=told.append)
    assert names(found) == [
        (0, "00_Plain", "repo7"),
        (7, "07_Mine", "repo7"),
        (8, "08_Mine", "repo8"),
    ]
    assert told == [
        "id 2 of repo7 is a placeholder, an empty branch; it is left out",
        "id 0 of repo8 is that of repo7; it is measured once",
        "id 2 of repo8 is a placeholder, an empty branch; it is left out",
    ]
    assert names(discover([tmp_path])) == names(found)


def test_the_baseline_is_taken_from_the_repository_that_is_named(tmp_path):
    paths = [fork(tmp_path / "repo7", 7), fork(tmp_path / "repo8", 8)]
    found = discover(paths, ids=(7, 8, ("repo8", 0)))
    assert names(found) == [
        (7, "07_Mine", "repo7"),
        (0, "00_Plain", "repo8"),
        (8, "08_Mine", "repo8"),
    ]
    assert names(discover(paths, ids=(("repo8", 8),))) == [(8, "08_Mine", "repo8")]


def test_different_entries_of_one_id_bear_the_name_of_their_repository(tmp_path):
    paths = [fork(tmp_path / "a" / "ESR", 7), fork(tmp_path / "b" / "ESR", 7, baseline="changed")]
    native = write(tmp_path / "native", "id = 0\n" + GOOD)
    found = discover([*paths, native])
    assert names(found) == [
        (None, "a/ESR:00_Plain", "ESR"),
        (7, "07_Mine", "ESR"),
        (None, "b/ESR:00_Plain", "ESR"),
        (0, found[-1].manifest.name, "native"),
    ]
    assert [one.slug for one in found[:3]] == ["a-ESR-00_Plain", "07_Mine", "b-ESR-00_Plain"]


def test_an_id_that_no_repository_has_is_refused_with_those_that_are_there(tmp_path):
    paths = [fork(tmp_path / "repo7", 7), fork(tmp_path / "repo8", 8)]
    with pytest.raises(InputError, match=r"repo7 has no id 9; it has 0, 2, 7; .*repo8 has no id 9"):
        discover(paths, ids=(9,))
    with pytest.raises(InputError, match=r"repo7 has no id 8; it has 0, 2, 7$"):
        discover(paths, ids=(("repo7", 8),))
    with pytest.raises(InputError, match="repository 'repo9', which is not among repo7, repo8"):
        discover(paths, ids=(("repo9", 8),))


def test_the_command_line_takes_ids_of_one_repository(tmp_path, capsys):
    paths = [str(fork(tmp_path / "repo7", 7)), str(fork(tmp_path / "repo8", 8))]
    assert main(["show", "submissions", *paths, "--ids", "2,7,repo8:0,repo8:8"]) == 0
    shown = capsys.readouterr()
    assert [line.partition(":")[0] for line in shown.out.splitlines()] == ["id 7", "id 0", "id 8"]
    assert len(shown.err.splitlines()) == 2  # placeholders
    with pytest.raises(SystemExit):
        main(["show", "submissions", *paths, "--ids", "x:y"])
    assert "'x:y' is not a list of ids like 0,1,22 or REPO:22" in capsys.readouterr().err


MOVED = """def select_model(args_id, device):
    if args_id == 7:
        from models.mine import Body
        name, data_range = f"{args_id:02}_Mine", 1.0
        model = Body()
        model.load_state_dict(torch.load("model_zoo/plain.pth"))
        return model.eval().to(device), name, data_range, None
    raise NotImplementedError(args_id)
"""


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("from inference import select_model\n", "inference.py"),
        ("import sys, inference\n", "inference.py"),
        ("from utils.choice import *\n", "utils/choice.py"),
        ("from utils import select_model\n", "utils/choice.py"),
    ],
)
def test_a_function_that_test_demo_has_from_elsewhere_is_followed(tmp_path, given, place):
    folder = fork(tmp_path / "repo", 7)
    (folder / "utils").mkdir()
    (folder / "utils" / "__init__.py").write_text("from .choice import select_model\n")
    (folder / place).write_text(MOVED)
    (folder / "test_demo.py").write_text(given + "print(select_model)\n")
    found = discover([folder])
    assert names(found) == [(7, "07_Mine", "repo")]
    assert found[0].manifest.model.file == place


WHOLE = """    {word} model_id == {number}:
        name, data_range = "{number:02}_Whole", 1.0
        model = torch.load("model_zoo/{file}.pth")
"""


@pytest.mark.heavy
def test_forks_run_together_each_entry_with_its_figures_or_a_reason(tmp_path):
    moved, whole = fork(tmp_path / "moved", 7), fork(tmp_path / "whole", 7)
    (moved / "inference.py").write_text(MOVED)
    (moved / "test_demo.py").write_text("from inference import select_model\n")
    branches = [
        WHOLE.format(word="if", number=3, file="absent"),
        WHOLE.format(word="elif", number=4, file="network"),
        BRANCH.format(word="elif", number=7, module="mine", name="Mine"),
    ]
    (whole / "test_demo.py").write_text(HEAD + "".join(branches) + LAST)
    torch.save(torch.nn.Conv2d(3, 48, 3), whole / "model_zoo" / "network.pth")
    data = tiny.write_data(tmp_path / "data")
    found = discover([moved, whole])
    result, _ = tiny.run_found(tmp_path / "out", data, found, edition=tiny.untimed())
    first, absent, unsafe, second = result.entries
    assert [first.name, second.name] == ["07_Mine", "whole:07_Mine"]
    assert [one.status for one in result.entries] == ["ok", "failed", "failed", "ok"]
    assert first.scores[0].sr_digest == second.scores[0].sr_digest
    advice = (
        "let the branch build the network and load its weights alone, saved as "
        "torch.save(model.state_dict(), ...)"
    )
    assert absent.failure.reason.startswith(
        "select_model for id 3 raised AttributeError: model_zoo/absent.pth is not there, and the "
        f"branch wants more than weights of it ('eval'); {advice}"
    )
    assert unsafe.failure.reason == (
        "network.pth needs arbitrary unpickling of torch.nn.modules.conv.Conv2d, which can run "
        f"code, and is refused; {advice}"
    )


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            {"test_demo.py": "print(1)\n", "main.py": MOVED},
            "its test_demo.py neither defines select_model nor imports it; main.py does: let "
            "test_demo.py import it from there",
        ),
        ({"test_demo.py": "def select_model(:\n"}, "is not valid Python (line 1: invalid syntax)"),
        ({"test_demo.py": "a = 1\n# \udcfc"}, "position 8: invalid start byte)"),
        (
            {"main.py": "print(1)\n", "models/a.py": "", "model_zoo/a.pth": ""},
            "it has no test_demo.py with a select_model",
        ),
    ],
)
def test_a_repository_of_another_shape_is_told_what_it_lacks(tmp_path, files, sentence):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, errors="surrogateescape")
    with pytest.raises(InputError) as caught:
        discover([tmp_path])
    start = f"{tmp_path} looks like a fork of the challenge's repository, but "
    assert str(caught.value).startswith(start)
    assert str(caught.value).endswith(sentence)


def test_a_function_without_branches_is_told_so(tmp_path):
    (tmp_path / "test_demo.py").write_text("def select_model(args, device):\n    return None\n")
    with pytest.raises(InputError, match="has no branches `if model_id == 0:`"):
        discover([tmp_path])


def test_a_broken_entry_of_a_taken_id_keeps_a_row_of_its_own(tmp_path):
    paths = [fork(tmp_path / "repo7", 7), fork(tmp_path / "repo8", 7)]
    main_file = paths[1] / repository.MAIN
    main_file.write_text(main_file.read_text().replace('Mine", 1.0', 'Mine", top'))
    broken = discover(paths)[-1]
    assert isinstance(broken, BrokenSubmission)
    assert (broken.id, broken.name) == (None, "repo8:07_Mine")
