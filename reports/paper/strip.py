"""The visual comparison of a paper: a box of one image, as every method restores it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
import PIL.Image
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.errors import InputError
from harness.store import files
from reports import units
from reports.paper.drawing import PAGE, SETTINGS, save
from reports.tables.latex import escape

Image = NDArray[np.uint8]

_RED = (255, 0, 0)
_LABEL = 0.3  # inches below a picture, for two lines
_GAP = 0.06  # inches between pictures
_LARGEST_WHOLE = 0.4  # of the page's width, for the whole image


class Box(NamedTuple):
    """A part of an image, in HR pixels from its top left."""

    x: int
    y: int
    width: int
    height: int

    def cut(self, image: Image) -> Image:
        """Return the box of an image uint8 [H, W, 3]; nothing is copied."""
        return image[self.y : self.y + self.height, self.x : self.x + self.width]


@dataclass(frozen=True)
class Restored:
    """One image as a method restored it, uint8 [H, W, 3], with the fidelity of all of it."""

    name: str
    pixels: Image
    psnr_db: float
    ssim: float | None


@dataclass(frozen=True)
class _Picture:
    """One picture of the strip, with what stands below it."""

    pixels: Image
    lines: tuple[str, str]


class _Layout(NamedTuple):
    """Inches. The whole image stands left of `rows` x `columns` crops."""

    rows: int
    columns: int
    whole: float  # width
    crop: float  # width of a crop
    height: float


def write(hr: Image, box: Box, restored: Sequence[Restored], title: str, stem: Path) -> list[Path]:
    """Write the strip: `stem`.pdf, and `stem`.tex with a PNG of every picture.

    `title` stands below the whole image `hr`. Raises InputError where the box is not inside of it.
    """
    height, width = hr.shape[:2]
    if min(box) < 0 or 0 in box[2:] or box.x + box.width > width or box.y + box.height > height:
        raise InputError(
            f"the box {','.join(map(str, box))} (x,y,w,h) is not inside the image of "
            f"{width}x{height} pixels; move or shrink it"
        )
    whole = _Picture(_framed(hr, box), (title, ""))
    crops = [_Picture(box.cut(hr), ("HR", "PSNR / SSIM")), *(_crop(one, box) for one in restored)]
    layout = _layout(len(crops), box.height / box.width, height / width)
    pdf = save(_figure(whole, crops, layout), stem.with_suffix(".pdf"))
    return [pdf, *_snippet(whole, crops, layout, stem)]


def _crop(restored: Restored, box: Box) -> _Picture:
    fidelity = f"{units.db(restored.psnr_db)} / {units.db4(restored.ssim)}"
    return _Picture(box.cut(restored.pixels), (restored.name, fidelity))


def _framed(image: Image, box: Box) -> Image:
    """Draw a frame around the box into a copy."""
    framed = image.copy()
    thick = max(1, round(max(image.shape) / 200))
    top, left = max(0, box.y - thick), max(0, box.x - thick)
    framed[top : box.y + box.height + thick, left : box.x + box.width + thick] = _RED
    box.cut(framed)[:] = box.cut(image)
    return framed


def _layout(crops: int, crop_shape: float, whole_shape: float) -> _Layout:
    """Fill the width of a page; shapes are height over width."""
    rows = 1 if crops < 4 else 2
    columns = math.ceil(crops / rows)
    free = PAGE - columns * _GAP
    # the whole image is as high as the rows of crops, unless it then were too wide
    spare = (rows - 1) * _LABEL / whole_shape
    crop = (free - spare) / (columns + rows * crop_shape / whole_shape)
    whole = free - columns * crop
    if whole > _LARGEST_WHOLE * PAGE:
        whole = _LARGEST_WHOLE * PAGE
        crop = (free - whole) / columns
    height = max(whole * whole_shape + _LABEL, rows * (crop * crop_shape + _LABEL))
    return _Layout(rows, columns, whole, crop, height)


def _figure(whole: _Picture, crops: Sequence[_Picture], layout: _Layout) -> Figure:
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(PAGE, layout.height), dpi=72)
        _place(figure, whole, 0, 0, layout.whole)
        row_height = layout.height / layout.rows
        for index, crop in enumerate(crops):
            row, column = divmod(index, layout.columns)
            left = layout.whole + _GAP + column * (layout.crop + _GAP)
            _place(figure, crop, left, row * row_height, layout.crop)
    return figure


def _place(figure: Figure, picture: _Picture, left: float, top: float, width: float) -> None:
    """Put a picture at so many inches from the top left."""
    page_width, page_height = figure.get_size_inches()
    height = width * picture.pixels.shape[0] / picture.pixels.shape[1]
    bottom = page_height - top - height
    axes = figure.add_axes(
        (left / page_width, bottom / page_height, width / page_width, height / page_height)
    )
    axes.imshow(picture.pixels, interpolation="none", aspect="auto")
    axes.set_axis_off()
    figure.text(
        (left + width / 2) / page_width,
        (bottom - 0.03) / page_height,
        "\n".join(picture.lines).rstrip(),
        ha="center",
        va="top",
        fontsize=7,
        linespacing=1.0,
        parse_math=False,
    )


def _snippet(
    whole: _Picture, crops: Sequence[_Picture], layout: _Layout, stem: Path
) -> Iterator[Path]:
    """Write a PNG per picture, and the LaTeX that sets them as the PDF does."""
    cells = []
    for index, picture in enumerate([whole, *crops]):
        file = stem.with_name(f"{stem.name}_{index}.png")
        PIL.Image.fromarray(picture.pixels).save(file)
        yield file
        cells.append(_cell(file.name, picture, (layout.crop if index else layout.whole) / PAGE))
    rows = [cells[1:][at : at + layout.columns] for at in range(0, len(crops), layout.columns)]
    grid = "\\\\\n".join(" &\n".join(row) for row in rows)
    between = f"@{{\\hskip {_GAP / PAGE:.4f}\\linewidth}}"
    text = (
        "% needs \\usepackage[T1]{fontenc}, and textcomp and graphicx; "
        "name the folder of its pictures with \\graphicspath\n"
        "{\\scriptsize\\setlength{\\tabcolsep}{0pt}%\n"
        f"{cells[0]}\\hfill\n"
        f"\\begin{{tabular}}{{{between.join('c' * layout.columns)}}}\n"
        f"{grid}\n"
        "\\end{tabular}}\n"
    )
    file = stem.with_suffix(".tex")
    files.write_text(file, text)
    yield file


def _cell(file: str, picture: _Picture, width: float) -> str:
    """Return a picture, as wide as that part of the line, and its labels below."""
    # without the braces a label that begins with [ or * would be read as an option of the new line
    lines = [f"\\includegraphics[width={width:.4f}\\linewidth]{{{file}}}"]
    lines += [escape(line) for line in picture.lines]
    return "\\begin{tabular}{c}" + r" \\{} ".join(lines) + "\\end{tabular}"
