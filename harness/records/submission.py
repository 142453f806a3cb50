"""A submission's manifest."""

from dataclasses import dataclass, field
from typing import Any, Literal

Format = Literal["python", "torchscript", "pt2", "onnx"]


@dataclass(frozen=True)
class ModelTable:
    """`[model]` of a manifest: how to build the network and how to feed it."""

    file: str  # Python file or program, relative to the manifest; may lie outside its folder
    factory: str = ""  # name in that file; called with `arguments`, returns a torch.nn.Module
    arguments: dict[str, Any] = field(default_factory=dict)
    data_range: float = 1.0  # the network's input and output span [0, data_range]
    scale: int = 4
    multiple_of: int = 1  # input is padded to a multiple of it, output cropped
    tile: int | None = None  # side of square tiles of the LR image; None: the whole image
    tile_overlap: int = 32  # LR pixels that neighbouring tiles share, averaged there
    format: Format = "python"  # or an exported program, which has no factory and no checkpoint
    root: str = "."  # folder that the network's packages lie in; imports of its files look there
    deploy: str = ""  # method that the loaded network is folded by, before anything is measured
    channels: Literal["rgb", "y"] = "rgb"  # y: the network is fed Y; Cb and Cr are bicubic
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"  # of weights and LR image
    self_ensemble: bool = False  # average over 4 rotations x flip; "+" in the shown name


@dataclass(frozen=True)
class WeightsTable:
    """`[weights]` of a manifest: the checkpoint."""

    path: str  # relative to the manifest
    key: str | None = None  # entry of the checkpoint that holds the state dict
    sha256: str | None = None
    strict: bool = True
    url: str | None = None
    licence: str | None = None


@dataclass(frozen=True)
class FilesTable:
    """`[files]` of a manifest: which of the folder's files belong to it.

    A pattern is a path, a folder, or either with `*` and `?`, which match slashes as well. Left out
    without a word are folders of tools, data and results, images and archives.
    """

    include: tuple[str, ...] = ()  # taken although it is left out otherwise
    exclude: tuple[str, ...] = ()  # left out, whatever else is said


@dataclass(frozen=True)
class ComplexityTable:
    """`[complexity]` of a manifest: a twin in plain PyTorch operators, for the counters."""

    factory: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BuildTable:
    """`[build]` of a manifest: how code of its own is compiled, by one of two ways."""

    command: tuple[str, ...] = ()  # run in `folder`; `python` is the interpreter of the passes
    # C++ and CUDA sources of one extension of torch, called as the first; on a CPU the CUDA
    # sources are left out, elsewhere the macro WITH_CUDA is defined
    extension: tuple[str, ...] = ()
    folder: str = "."  # relative to the manifest; what lies in it is what a build depends on
    needs: Literal["", "cuda"] = ""


@dataclass(frozen=True)
class Factsheet:
    """`[factsheet]` of a manifest: free text, shown in the report."""

    authors: str = ""
    affiliation: str = ""
    contact: str = ""
    code: str = ""
    paper: str = ""
    description: str = ""
    training_data: str = ""
    figure: str = ""


@dataclass(frozen=True)
class OfficialTable:
    """An entry of an official repository: a branch of `select_model`, and what it is lent."""

    model_id: int
    modules: tuple[str, ...] = ()  # files or packages that the branch imports
    checkpoints: tuple[str, ...] = ()  # that the branch names, relative to the repository
    missing: tuple[str, ...] = ()  # files that the branch names and the repository lacks
    operator: str = ""  # package of the entry's own operator; without it the twin is measured
    note: str = ""  # what readers of its figures should know


@dataclass(frozen=True)
class Manifest:
    """A whole `submission.toml`, or what an official repository says of one id."""

    name: str
    model: ModelTable
    team: str = ""
    id: int | None = None
    weights: WeightsTable | None = None
    complexity: ComplexityTable | None = None
    build: BuildTable | None = None
    files: FilesTable = field(default_factory=FilesTable)
    factsheet: Factsheet = field(default_factory=Factsheet)
    claimed: dict[str, float] = field(default_factory=dict)  # psnr_S_db or metric -> base units
    official: OfficialTable | None = None  # never in a submission.toml, as is the next
    stand_ins: tuple[str, ...] = ()  # packages that are not installed and may be stood in for

    @property
    def shown_name(self) -> str:
        """Return the name that tables show: a self-ensemble has the "+" that papers give it."""
        return f"{self.name}+" if self.model.self_ensemble else self.name
