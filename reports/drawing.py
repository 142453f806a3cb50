"""Figures as inline SVG: the same bytes for the same run, readable in light and dark."""

import math
import unicodedata
import warnings
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any, Literal
from xml.etree import ElementTree

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
ElementTree.register_namespace("", _SVG)
ElementTree.register_namespace("xlink", _XLINK)

# drawn in colours that nothing else has, then left to the page's style sheet
INK, SERIES, ACCENT, MUTED, GRID = "#010101", "#010102", "#010103", "#010104", "#010105"
_STYLED = {
    INK: "currentColor",
    SERIES: "var(--series)",
    ACCENT: "var(--accent)",
    MUTED: "var(--muted)",
    GRID: "var(--line)",
}
_SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "esr-harness",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
_BESIDE = 8  # points between a point's edge and the middle of a name that belongs to it plainly
_LEADER: dict[str, Any] = {
    "arrowstyle": "-",
    "color": MUTED,
    "linewidth": 0.5,
    "alpha": 0.6,
    "shrinkA": 0,
    "shrinkB": 0,
}
_NAMED = 200  # points, at most: there is no room for the names of more
Box = tuple[float, float, float, float]  # left, bottom, right, top in points
Side = Literal["left", "center", "right"]


def axes(width: float, height: float, x: str, y: str = "") -> tuple[Figure, Axes]:
    """Return a figure of `width` x `height` inches and its axes, with their labels."""
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(width, height), dpi=72, layout="constrained", facecolor="none")
        plot = figure.add_subplot(facecolor="none")
        plot.spines[["top", "right"]].set_visible(False)
        plot.set_xlabel(x)
        plot.set_ylabel(y)
    return figure, plot


def svg(
    figure: Figure, name: str, alternative: str, titles: Mapping[str, str | Sequence[str]]
) -> Markup:
    """Render `figure`; artists whose gid is a key of `titles` say its text on hover and focus.

    The points of one artist say a text each, where there is one for each of them.
    `name` keeps the ids of several figures on one page apart, `alternative` is for who cannot
    see the figure.
    """
    text = StringIO()
    with matplotlib.rc_context(_SETTINGS), warnings.catch_warnings():
        # the reader's browser has the glyphs that our font lacks
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(text, format="svg", metadata=dict.fromkeys(("Date", "Creator")))
    root = ElementTree.fromstring(text.getvalue())
    for parent in list(root.iter()):
        for child in [c for c in parent if c.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style")]:
            parent.remove(child)  # its style would apply to the whole page
    root.attrib |= {"role": "group", "aria-label": alternative}
    del root.attrib["width"], root.attrib["height"]
    for element in list(root.iter()):
        _name_points(element, titles.get(element.get("id", ""), ()))
        _localise(element, name)
    return Markup(_restyled(ElementTree.tostring(root, encoding="unicode")))


def logarithmic(plot: Axes, *which: str) -> None:
    """Give axes `x`, `y` a logarithmic scale with plain numbers."""
    for axis in which:
        getattr(plot, f"set_{axis}scale")("log")
        ruler = getattr(plot, f"{axis}axis")
        ruler.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ruler.set_minor_locator(NullLocator())
        ruler.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def label(
    figure: Figure,
    plot: Axes,
    points: Sequence[tuple[float, float]],
    names: Sequence[str],
    *,
    radii: Sequence[float] = (),
    only_right: bool = False,
    size: float = 8.0,
) -> int:
    """Name the points, first ones first, as far as names fit without touching one another.

    `radii` are those of the points (4 where none are given), `size` that of the letters, in points.
    Return how many points got no name. The layout of the figure is settled by it.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # what names stand beside must not move any more
    places = plot.transData.transform(points)
    frame = plot.get_window_extent()
    spots = [(x, y, r) for (x, y), r in zip(places, radii or [4.0] * len(names), strict=True)]
    taken: list[Box] = [(x - r, y - r, x + r, y + r) for x, y, r in spots]
    unnamed = len(names)
    for spot, name in list(zip(spots, names, strict=True))[:_NAMED]:
        text = short(name)
        for box, anchor, side in _candidates(spot, _width(text, size), size, only_right):
            inside = (
                frame.x0 <= box[0]
                and box[2] <= frame.x1
                and frame.y0 <= box[1]
                and box[3] <= frame.y1
            )
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                unnamed -= 1
                x, y, _ = spot
                away = anchor[1] - y
                plot.annotate(
                    text,
                    (x, y),
                    anchor,
                    xycoords="figure points",
                    textcoords="figure points",
                    # a name that does not touch its point is tied to it
                    arrowprops=_LEADER | {"shrinkB": spot[2]}
                    if abs(away) > spot[2] + _BESIDE
                    else None,
                    fontsize=size,
                    ha=side,
                    va="center",
                    color=INK,
                    parse_math=False,
                    gid="label",
                ).set_in_layout(False)
                break
    return unnamed


def short(name: str, length: int = 22) -> str:
    """Return a name on one line that XML can hold, cut after `length` characters."""
    clean = "".join(c if c.isprintable() else " " for c in name)
    clean = " ".join(clean.split())
    return clean if len(clean) <= length else clean[: length - 1] + "…"


def _candidates(
    spot: tuple[float, float, float], width: float, size: float, only_right: bool
) -> Iterable[tuple[Box, tuple[float, float], Side]]:
    """Yield where the label of a spot (x, y, radius) may stand: right, left, above, below.

    That is the room that it may take, its anchor, and which side of it is anchored: as the width
    is an estimate from above, a label of a point to its right ends there.
    """
    x, y, radius = spot
    half, beside = size * 0.65, radius + 2
    right: tuple[float, float, Side] = (x + beside, x + beside, "left")
    left: tuple[float, float, Side] = (x - beside - width, x - beside, "right")
    middle: tuple[float, float, Side] = (x - width / 2, x, "center")
    ups = (0, 7, -7, 16, -16) if only_right else (5, -5, 0, 16, -16, 27, -27)
    for start, anchor, side in (right,) if only_right else (right, left, middle):
        for up in ups:
            clear = side == "center" or abs(up) > _BESIDE  # of the point: above or below it
            height = y + up + (math.copysign(radius, up) if clear and up else 0)
            yield (start, height - half, start + width, height + half), (anchor, height), side


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _width(text: str, size: float) -> float:
    """Estimate the width of a label from above: the reader's font is not known here."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    capital = sum(c.isupper() for c in text)
    return size * (1.25 * wide + 0.8 * capital + 0.65 * (len(text) - wide - capital))


def _name_points(element: ElementTree.Element, texts: str | Sequence[str]) -> None:
    if isinstance(texts, str):
        _name_point(element, texts)
        return
    points = [part for part in element if part.tag != f"{{{_SVG}}}defs"] if texts else []
    for point, text in zip(points, texts, strict=True):
        _name_point(point, text)


def _name_point(element: ElementTree.Element, text: str) -> None:
    element.attrib |= {"tabindex": "0", "role": "img", "class": "point", "aria-label": text}
    title = ElementTree.Element(f"{{{_SVG}}}title")
    title.text = text
    element.insert(0, title)


def _localise(element: ElementTree.Element, name: str) -> None:
    """Keep the ids that are referred to, under the figure's name; drop the others."""
    identity = element.attrib.pop("id", None)
    if identity == "label":
        element.set("class", "label")
    tag = element.tag.rpartition("}")[2]
    if identity and tag in ("clipPath", "path", "marker"):
        element.set("id", f"{name}-{identity}")
    for key, value in element.attrib.items():
        if key == f"{{{_XLINK}}}href":
            element.set(key, value.replace("#", f"#{name}-", 1))
        elif "url(#" in value:
            element.set(key, value.replace("url(#", f"url(#{name}-"))


def _restyled(text: str) -> str:
    """Leave colours to the page, and name spaces to HTML, which knows them."""
    text = text.replace(f' xmlns="{_SVG}"', "").replace(f' xmlns:xlink="{_XLINK}"', "")
    for drawn, styled in _STYLED.items():
        text = text.replace(drawn, styled)
    return text
