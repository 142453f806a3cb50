"""Listing an official repository by its syntax tree."""

import ast

import pytest

from harness.worker.select_model import branches, function
from tests.support.official import EDITION

HEAD = "def select_model(args, device):\n    model_id = args.model_id\n"


def listed(body):
    return branches(HEAD + body)


def test_every_id_is_listed_in_order_without_running_the_file():
    found = branches((EDITION / "test_demo.py").read_text())
    assert [branch.id for branch in found] == list(range(-1, 16))
    assert [branch.id for branch in found if branch.empty] == [1]
    first = found[0]
    assert (first.name, first.data_range) == ("-1_Plain_baseline", 255.0)
    assert first.modules == ("models.team00_plain",)
    assert "model_zoo/team00_plain.pth" in first.strings


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('f"{model_id:02}_A"', "07_A"),
        ('f"{model_id:11}_A"', "7_A"),
        ('f"{model_id}_A  B"', "7_A B"),
        ('"09_Other"', "09_Other"),
        ("make_name()", ""),
        ('f"{model_id:zz}"', ""),
    ],
)
def test_names_are_worked_out_from_plain_text(text, name):
    (branch,) = listed(f"    if model_id == 7:\n        name, data_range = {text}, 1.0\n")
    assert branch.name == name


@pytest.mark.parametrize(("text", "number"), [("255.", 255.0), ("1", 1.0), ("top", None)])
def test_data_ranges_are_numbers_or_unknown(text, number):
    (branch,) = listed(f"    if model_id == 0:\n        name = 'a'\n        data_range = {text}\n")
    assert branch.data_range == number


def test_paths_and_modules_are_found_in_joins_and_f_strings():
    (branch,) = listed(
        "    if args.model_id == 3:\n"
        "        module = importlib.import_module(f'models.team{model_id:02}_SPAN')\n"
        "        path = os.path.join('model_zoo', f'team{model_id:02}.pth')\n"
        "        other = os.path.join(os.path.dirname(__file__), 'source')\n"
    )
    assert branch.modules == ("models.team03_SPAN",)
    assert branch.strings == ("model_zoo/team03.pth", "source")


def test_what_the_file_imports_is_imported_by_the_branches_that_use_it():
    top = "import os, torch\nimport numpy as np\nfrom models.team07 import Body, Tail\n"
    top += (
        "from models.team08 import Other\nfrom models import team09\nfrom models.team10 import *\n"
    )
    found = branches(
        f"{top}{HEAD}"
        "    if model_id == 7:\n        name, data_range = 'a', 1.0\n        model = Body(np.e)\n"
        "    elif model_id == 8:\n        from models.mine import Other\n        model = Other()\n"
        "    elif model_id == 9:\n        model = torch.nn.Identity(os.path.join('a', 'b'))\n"
        "    elif model_id == 1:\n        raise NotImplementedError\n"
    )
    modules = [("models.team07",), ("models.mine",), (), ()]
    assert [branch.modules for branch in found] == modules
    assert [branch.empty for branch in found] == [False, False, False, True]
    whole = function(
        f"{top}{HEAD}    if model_id == 7:\n        model = Body(np.e)\n    return Tail"
    )
    assert [ast.unparse(node) for node in (whole.body[0], *whole.body[2].body[:2])] == [
        "from models.team07 import Body, Tail",
        "import numpy as np",
        "from models.team07 import Body, Tail",
    ]


def test_a_file_without_the_function_is_refused():
    with pytest.raises(ValueError, match="select_model"):
        branches("def other():\n    pass\n")
