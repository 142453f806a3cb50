"""Whatever a submission's code raises ends as one sentence with the file and line."""

import textwrap

import pytest
import torch

from harness.entries.manifest import read_manifest
from harness.errors import EntryError, LoadingError
from harness.worker.loading import forward, load
from tests.support import manifests

NETWORK = """
    import torch
    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = torch.nn.Conv2d(3, 48, 3, padding=1)
        def forward(self, x):
            return torch.nn.functional.pixel_shuffle(self.body(x), 4)
"""


def loaded(folder, model, arguments="", **files):
    manifest = manifests.GOOD + (f"arguments = {arguments}\n" if arguments else "")
    manifests.write(folder / "submission", manifest, textwrap.dedent(model))
    for name, text in files.items():
        (folder / "submission" / f"{name}.py").write_text(textwrap.dedent(text))
    folder = folder / "submission"
    return load(read_manifest(folder), folder, torch.device("cpu"))


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        ("raise ValueError('no\\n width')", "raised ValueError: no width (model.py, line 1)"),
        ("import sys; sys.exit(1)", "raised SystemExit: 1 (model.py, line 1)"),
        ("raise KeyboardInterrupt", "raised KeyboardInterrupt: no message (model.py, line 1)"),
        ("import json; json.loads('{')", "(char 1) (model.py, line 1)"),
        ("import parts_of_it", "raised ZeroDivisionError: division by zero (parts_of_it.py, line"),
        ("raise SystemExit", "(model.py, line 1); keep what a command line asks for behind `if"),
        ("import torch; torch.cuda.current_stream()", "; it runs on a CPU here: take the device"),
        ("a = 1\0", "importing model.py failed: its text is not valid Python (source code string"),
        ("b = 2\0", "null bytes); save it as UTF-8 text"),
    ],
)
def test_whatever_an_import_raises_has_its_place(tmp_path, raised, said):
    with pytest.raises(LoadingError) as caught:
        loaded(tmp_path, raised, parts_of_it="1 / 0")
    assert said in str(caught.value)


def test_an_exception_that_cannot_be_printed_is_still_a_sentence(tmp_path):
    model = """
        class Odd(Exception):
            def __str__(self):
                return self.nothing
        def Network():
            raise Odd
    """
    with pytest.raises(LoadingError, match=r"raised Odd: no message \(model.py, line 6\)"):
        loaded(tmp_path, model)


def test_a_forward_is_placed_in_the_submission_not_in_torch(tmp_path):
    model = NETWORK + "            # 9\n"
    network = loaded(tmp_path, model.replace("self.body(x)", "self.body(x[:, :1])")).network
    with pytest.raises(EntryError, match=r"1 channels instead \(model.py, line 8\)$"):
        forward(network, torch.zeros(1, 3, 8, 8))


def test_a_network_of_luma_alone_is_told_what_images_are(tmp_path):
    network = loaded(tmp_path, NETWORK.replace("Conv2d(3", "Conv2d(1")).network
    said = r"to have 1 channels, but got 3 channels instead \(model.py, line 8\); images are RGB"
    with pytest.raises(EntryError, match=said):
        forward(network, torch.zeros(1, 3, 8, 8))


def test_a_native_network_is_a_guest_that_believes_in_cuda_and_in_its_checkpoints(tmp_path):
    model = NETWORK.replace("padding=1)", "padding=1).cuda()").replace(
        "import torch\n", "import torch\n    table = torch.zeros(2, device='cuda:0')\n", 1
    )
    network = loaded(tmp_path, model).network
    assert forward(network, torch.zeros(1, 3, 8, 8)).shape == (1, 3, 32, 32)


def test_tables_of_arguments_are_the_options_of_a_command_line_too(tmp_path):
    model = NETWORK.replace("self):", "self, args):", 1).replace("(3, 48", "(args.colors, 48")
    model = model.replace("padding=1", "padding=args['more'][0].padding")
    options = "{ args = { colors = 3, more = [{ padding = 1 }] } }"
    network = loaded(tmp_path / "a", model, options).network
    assert forward(network, torch.zeros(1, 3, 8, 8)).shape == (1, 3, 32, 32)
    with pytest.raises(LoadingError, match=r"'colors' is not among model\.arguments"):
        loaded(tmp_path / "b", model, "{ args = { } }")
