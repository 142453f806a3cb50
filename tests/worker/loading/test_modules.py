"""Where an entry's files find one another, and what is said where they do not."""

import json
import subprocess
import sys

import pytest

from harness.entries import files
from harness.entries.submission import Submission
from harness.records import Manifest, ModelTable
from harness.records.schema import to_table
from harness.sandbox.staging import stage_submission
from harness.worker.loading.standins import WORKING
from tests.support.places import ROOT

NETWORK = """
import torch
class Net(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.interpolate(x, scale_factor=4)
"""
LOAD = """
import json, os, sys, torch
from pathlib import Path
from harness.errors import EntryError
from harness.records import Manifest
from harness.records.schema import from_table
from harness.worker.loading import load
def one(folder, manifest):
    try:
        loaded = load(from_table(Manifest, manifest), Path(folder), torch.device("cpu"))
        said = ["loaded", type(loaded.network.module).__module__, *loaded.stand_ins]
    except EntryError as error:
        said = [str(error)]
    import cProfile  # a library, of which an entry's own is no part
    if not cProfile._pyprofile.__file__.startswith(sys.base_prefix):
        said.append("and shadows a library")
    print(*said, flush=True)
for line in sys.stdin:
    if not (child := os.fork()):
        one(*json.loads(line))
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.fixture(scope="module")
def loader():
    """Run a process that knows PyTorch and loads each submission in a copy of itself."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-W", "ignore", "-c", LOAD]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def said(tmp_path, loader):
    """Return what is said of a submission of these files."""

    def load(sources, *, stand_ins=(), **model):
        folder = tmp_path / "all" / "entry"
        folder.mkdir(parents=True)
        for name, source in sources.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(source)
        manifest = Manifest("a", ModelTable(**{"factory": "Net"} | model))
        found = files.listed(Submission("a", folder, manifest), stand_ins=stand_ins)
        staged = to_table(stage_submission(found, tmp_path / "private"))
        place = str(tmp_path / "private" / "submission")
        loader.stdin.write(json.dumps([place, staged]) + "\n")
        loader.stdin.flush()
        return loader.stdout.readline().strip()

    return load


def test_files_beside_the_network_shadow_no_library(said):
    sources = {f"{name}.py": "raise SystemExit\n" for name in ("profile", "types", "random")}
    sources |= {f"{name}.py": "raise SystemExit\n" for name in ("copy", "numpy", "pstats")}
    assert said({"model.py": NETWORK, **sources}, file="model.py") == "loaded submission.model"


@pytest.mark.parametrize(
    ("line", "own"),
    [("from random import mine", "random.py"), ("from test.blocks import mine", "test")],
)
def test_a_file_behind_a_library_is_named(said, line, own):
    sources = {"model.py": line + NETWORK, "random.py": "mine = 1", "test/blocks.py": "mine = 1"}
    told = said(sources, file="model.py")
    assert told.endswith(
        f"its own {own} stands behind a module of Python or of a package; rename it"
    )


@pytest.mark.parametrize("line", ["from .blocks import x", "from blocks import x"])
def test_a_file_finds_its_siblings(said, line):
    sources = {"model.py": f"{line}\n{NETWORK}", "blocks.py": "from utils.more import x\n"}
    sources |= {"utils/more.py": "x = 1\n", "__init__.py": ""}
    assert said(sources, file="model.py") == "loaded submission.model"


def test_packages_below_the_root_are_found_and_their_init_is_not_run_unasked(said):
    sources = {
        "lib/__init__.py": "import nowhere_at_all\n",
        "lib/archs/__init__.py": "from .net_arch import Net\n",
        "lib/archs/net_arch.py": "from ..ops import y\nfrom lib.ops.z import z\n" + NETWORK,
        "lib/ops/__init__.py": "y = 2\n",
        "lib/ops/z.py": "from . import w\nz = 3\n",
        "lib/ops/w.py": "",
    }
    assert said(sources, file="lib/archs/net_arch.py") == "loaded lib.archs.net_arch"


def test_a_name_of_a_package_is_what_its_init_says(said):
    sources = {"model.py": "from ops import act\nassert act == 1\n" + NETWORK}
    sources |= {"ops/__init__.py": "from .act import act\n", "ops/act.py": "act = 1\n"}
    assert said(sources, file="model.py") == "loaded submission.model"


def test_a_package_whose_init_fails_still_holds_its_modules(said):
    sources = {"model.py": "from ops import act\nassert act.act == 1\n" + NETWORK}
    sources |= {"ops/__init__.py": "import nowhere_at_all\n", "ops/act.py": "act = 1\n"}
    assert said(sources, file="model.py") == "loaded submission.model"


def test_packages_that_import_one_another_in_a_circle_are_imported_as_python_does(said):
    sources = {
        "model.py": "from tools.options import options" + NETWORK,
        "tools/__init__.py": "from tools.seed import seed\nfrom tools.options import options",
        "tools/options.py": "from tools import seed\noptions = seed",
        "tools/seed.py": "seed = 1",
    }
    assert said(sources, file="model.py") == "loaded submission.model"


def test_a_root_of_its_own_is_searched(said):
    sources = {"clone/lib/net.py": "from lib.act import x\n" + NETWORK, "clone/lib/act.py": "x = 1"}
    assert said(sources, file="clone/lib/net.py", root="clone") == "loaded lib.net"


def test_a_file_outside_comes_with_what_it_imports(said):
    sources = {"../net.py": "from blocks import x\nfrom .part import y\n" + NETWORK}
    sources |= {"../blocks.py": "from act.relu import x\n", "../part.py": "y = 1\n"}
    sources |= {"../act/relu.py": "x = 1\n", "../other.py": ""}
    assert said(sources, file="../net.py") == "loaded submission.net"


def test_a_root_outside_is_given_its_code(said, tmp_path):
    sources = {"../lib/archs/net.py": "from lib.act import x\n" + NETWORK, "../lib/act.py": "x = 1"}
    sources["../lib/secret.npy"] = ""
    assert said(sources, file="../lib/archs/net.py", root="..") == "loaded lib.archs.net"
    staged = {path.name for path in (tmp_path / "private" / "root").rglob("*")}
    assert {"act.py"} < staged
    assert "secret.npy" not in staged


def test_a_native_entry_is_lent_what_it_imports(said):
    sources = {
        "model.py": "from basicsr.utils.registry import ARCH_REGISTRY\n"
        + NETWORK.replace("class", "@ARCH_REGISTRY.register()\nclass")
    }
    lent = ("basicsr", "cv2")
    assert said(sources, file="model.py", stand_ins=lent) == "loaded submission.model basicsr"


# how repositories of the field are laid out: files, keys of [model], packages lent
FIELD = {
    "blocks named in the options (Omni-SR)": (
        {
            "ops/__init__.py": "",
            "ops/OSA.py": "from einops.layers.torch import Rearrange, Reduce\n"
            "from ops.norm import x\nReduce('b c h w -> b c', 'mean')",
            "ops/norm.py": "x = 1",
            "components/omni.py": "__import__('ops.' + 'OSA', fromlist=True)\n" + NETWORK,
        },
        {"file": "components/omni.py"},
        "loaded components.omni einops",
    ),
    "options of a command line (EDSR)": (
        {
            "src/model/__init__.py": "import utility, imageio_that_nobody_has",
            "src/model/common.py": "x = 1",
            "src/model/edsr.py": "from model import common\n"
            + NETWORK
            + "def make(args): return Net() if args.scale[0] == 4 == args['scale'][0] else None",
        },
        {
            "file": "src/model/edsr.py",
            "root": "src",
            "factory": "make",
            "arguments": {"args": {"scale": [4]}},
        },
        "loaded model.edsr",
    ),
    "a copy of basicsr with its operators (BSRN)": (
        {
            "basicsr/__init__.py": "from .archs import *",
            "basicsr/archs/__init__.py": "from basicsr.utils import scandir",
            "basicsr/utils/__init__.py": "import cv2, lmdb\nfrom .gone import scandir",
            "basicsr/utils/registry.py": "def register(): return lambda given: given",
            "basicsr/ops/dcn/__init__.py": "try: from . import deform_conv_ext\n"
            "except ImportError: pass\nclass Pack: pass",
            "basicsr/archs/arch_util.py": "from basicsr.ops.dcn import Pack",
            "basicsr/archs/bsrn_arch.py": "from basicsr.utils.registry import register\n"
            "import basicsr.archs.arch_util as arch_util\narch_util.Pack()\n" + NETWORK,
        },
        {"file": "basicsr/archs/bsrn_arch.py"},
        "loaded basicsr.archs.bsrn_arch basicsr",  # `gone` was left behind
    ),
    "a file for somebody's basicsr and timm (MambaIR)": (
        {
            "mambair_arch.py": "from basicsr.utils.registry import ARCH_REGISTRY\n"
            "from basicsr.archs.arch_util import to_2tuple, trunc_normal_, make_layer\n"
            "from timm.models.registry import register_model\n"
            "from timm.models.vision_transformer import _cfg\n_cfg(url='')\n"
            "from fairscale.nn import checkpoint_wrapper\n"
            "from mamba_ssm.ops.selective_scan_interface import selective_scan_ref\n"
            + NETWORK.replace("class", "@ARCH_REGISTRY.register()\nclass")
            + "@register_model\ndef small(): return Net()\n"
        },
        {"file": "mambair_arch.py", "factory": "small"},
        "loaded submission.mambair_arch basicsr fairscale mamba_ssm timm",
    ),
}


@pytest.mark.parametrize(("sources", "model", "loaded"), FIELD.values(), ids=FIELD)
def test_repositories_of_the_field_load_as_they_are(said, sources, model, loaded):
    assert said(sources, stand_ins=tuple(WORKING), **model) == loaded


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        (
            {"model.py": "import blocks"},
            "importing model.py needs 'blocks', which is neither installed here nor among the "
            "submission's files; put its file there, or name the folder that holds it as `root` "
            "under [model]",
        ),
        (
            {"model.py": "import blocks", "lib/blocks.py": ""},
            "importing model.py needs 'blocks', which lies in the submission at "
            'lib/blocks.py where no import looks; set `root = "lib"` under [model]',
        ),
        (
            {"model.py": "import natten"},
            "importing model.py needs the package 'natten', which is not installed here; "
            "install it",
        ),
    ],
)
def test_what_is_absent_is_named_with_what_to_do(said, sources, sentence):
    assert said(sources, file="model.py") == sentence


def test_of_several_places_the_nearest_is_named(said):
    sources = {f"x{scale}/blocks/ops.py": "" for scale in (2, 3, 4)}
    sources["x3/net/arch.py"] = "import blocks.ops" + NETWORK
    assert 'set `root = "x3"` under [model]' in said(sources, file="x3/net/arch.py")


def test_a_module_that_an_installed_package_lacks_is_named(said):
    start = "importing model.py needs the module 'fvcore.gone', which the installed fvcore 0."
    assert said({"model.py": "import fvcore.gone"}, file="model.py").startswith(start)


def test_a_module_that_its_own_package_lacks_is_named(said):
    start = "importing model.py needs its own module 'blocks', which is not among its files; add it"
    assert said({"model.py": "from .blocks import x"}, file="model.py").startswith(start)
