"""SR images that a team uploads without its code, and what is said of them."""

from dataclasses import dataclass
from typing import Literal

from harness.records.passes import ImageScore


@dataclass(frozen=True)
class Wanted:
    """One SR image that an upload must hold."""

    names: tuple[str, ...]  # file names that it may have, the official one first
    height: int
    width: int


@dataclass(frozen=True)
class Reference:
    """What uploads of one split are checked against and scored by."""

    title: str  # of the protocol
    split: str
    scale: int
    border: int
    images: tuple[Wanted, ...]
    colour: Literal["rgb", "y"] = "rgb"  # of the PSNR and SSIM that are shown first
    rounded_luma: bool = False
    ssim: bool = True
    code: bool = False  # whether the images come from code that ran there; see Measured
    private: bool = False  # its scores are for the organisers alone


@dataclass(frozen=True)
class Claims:
    """What a team's readme says. None where it does not say. Nothing of it was measured."""

    runtime_s: float | None = None  # per image
    on_cpu: bool | None = None
    extra_data: bool | None = None
    params: int | None = None
    description: str = ""


@dataclass(frozen=True)
class Measured:
    """What running submitted code gave, beside its SR images; or why it gave nothing."""

    params: int | None = None
    runtime_ms: float | None = None  # of one visit
    device: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Scores:
    """An upload, scored."""

    images: tuple[ImageScore, ...]
    mean: dict[str, float]  # field of Fidelity -> mean over the images
    claims: Claims | None  # None without a readme
    hints: tuple[str, ...] = ()  # slips that the figures look like
