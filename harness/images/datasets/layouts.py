"""How a data set is laid out: known patterns, tried in their order."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import DataError

Files = Mapping[str, Path]  # what `*` stands for -> file
_IMAGES = {  # suffixes of what somebody may take for an image of the set
    *(".png", ".bmp", ".jpg", ".jpeg", ".jp2", ".tif", ".tiff", ".gif", ".webp"),
    *(".ppm", ".pgm", ".pnm", ".npy"),
}


@dataclass(frozen=True)
class Layout:
    """File patterns below the folder of all data sets.

    `{set}` stands for the data set's name, `{scale}` for the scale, `*` for the image's name.
    """

    name: str
    hr: str
    lr: str
    hr_multiple: int = 1  # LR was made of HR that was cropped to multiples of it

    def filled(self, name: str, scale: int) -> "Layout":
        """Return the patterns of one data set, `.` for the folder itself, at one scale."""

        def fill(pattern: str) -> str:
            return pattern.replace("{set}", name).replace("{scale}", str(scale)).removeprefix("./")

        return replace(self, hr=fill(self.hr), lr=fill(self.lr))


LAYOUTS = (
    Layout("EDSR, KAIR", "{set}/HR/*.png", "{set}/LR_bicubic/X{scale}/*x{scale}.png"),
    Layout("BasicSR", "{set}/GTmod12/*.png", "{set}/LRbicx{scale}/*.png"),
    Layout("BasicSR, HAT", "{set}/GTmod{scale}/*.png", "{set}/LRbicx{scale}/*.png"),
    # its LR images belong to HR cropped to multiples of 12, which `original` is not
    Layout("BasicSR, original", "{set}/original/*.png", "{set}/LRbicx{scale}/*.png", 12),
    Layout("NTIRE", "{set}_HR/*.png", "{set}_LR/*x{scale}.png"),
    Layout("DIV2K", "{set}_HR/*.png", "{set}_LR_bicubic/X{scale}/*x{scale}.png"),
    # both sides in one folder, beside what the release's own methods made
    Layout(
        "SelfExSR",
        "{set}/image_SRF_{scale}/*_SRF_{scale}_HR.png",
        "{set}/image_SRF_{scale}/*_SRF_{scale}_LR.png",
    ),
    Layout(
        "RCAN", "HR/{set}/x{scale}/*_HR_x{scale}.png", "LR/LRBI/{set}/x{scale}/*_LRBI_x{scale}.png"
    ),
    Layout("HR images alone", "{set}/*.png", ""),
)


@dataclass(frozen=True)
class Found:
    """The files of a data set at one scale."""

    layout: Layout  # with its patterns filled in
    hr: Files
    lr: Files
    lr_is_made: bool  # from HR, as there is no folder of LR images
    hr_left_out: tuple[Path, ...] = ()  # images in the folder of HR that no pattern takes
    lr_left_out: tuple[Path, ...] = ()


def find(data: Path, name: str, scale: int) -> Found | None:
    """Find a data set: the first layout with both sides, or else with HR, or else with LR.

    One whose images no pattern takes is found too, without files.
    """

    def worth(one: Found) -> tuple[bool, ...]:
        return bool(one.hr and one.lr), bool(one.hr), bool(one.lr), bool(one.hr_left_out)

    best = max((at(data, layout.filled(name, scale)) for layout in LAYOUTS), key=worth)
    return best if any(worth(best)) else None


def at(data: Path, layout: Layout) -> Found:
    """Return the files that fit a layout whose patterns are filled in; none where nothing does."""
    hr, lr = files(data, layout.hr), files(data, layout.lr)
    has_lr_folder = bool(layout.lr) and (data / layout.lr).parent.is_dir()
    taken = {*hr.values(), *lr.values()}
    return Found(
        layout,
        hr,
        lr,
        lr_is_made=bool(hr) and not has_lr_folder,
        hr_left_out=_left_out(data, layout.hr, taken),
        lr_left_out=_left_out(data, layout.lr, taken),
    )


def _left_out(data: Path, pattern: str, taken: Collection[Path]) -> tuple[Path, ...]:
    """List the image files in the folder of a pattern that are none of `taken`."""
    files = sorted((data / pattern).parent.glob("[!.]*")) if pattern else []
    return tuple(f for f in files if f.suffix.lower() in _IMAGES and f not in taken)


def files(data: Path, pattern: str) -> Files:
    """Map what `*` stands for to each file that fits `pattern`, in the order of their names.

    The end after `*` fits whatever its case. Raises DataError where two files have one name.
    """
    if not pattern:
        return {}
    before, _, after = Path(pattern).name.partition("*")
    found: dict[str, Path] = {}
    for file in sorted((data / pattern).parent.glob(f"{before}*")):
        if file.name.startswith(".") or not file.name.lower().endswith(after.lower()):
            continue
        name = file.name[len(before) : len(file.name) - len(after)]
        if name in found:
            raise DataError(f"{found[name]} and {file} are one image; remove one of them")
        found[name] = file
    return found
