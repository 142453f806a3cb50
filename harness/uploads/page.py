"""The page of one upload on Codabench: self-contained and small, as it is read every 5 seconds.

A private split has no figure on its page, which Codabench shows to whoever asks for it.
"""

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from harness.images.png import Image, write_image
from harness.records import Measured, Reference, Scores
from harness.uploads.crops import Crop

_STYLE = """\
:root { color-scheme: light dark; --line: #c9ced6; --bad: #a8201a; --muted: #565d66; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --bad: #ffb0a8; --muted: #a9b1bb; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
h1 { font-size: 1.4rem; line-height: 1.2; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; } tr.mean { font-weight: 700; }
.bad { border-left: 5px solid var(--bad); padding: .1rem 1rem; overflow-wrap: anywhere; }
.crops { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; }
img { width: 192px; height: auto; image-rendering: pixelated; border: 1px solid var(--line); }
figcaption, .quiet { color: var(--muted); max-width: 50rem; } figcaption { max-width: 25rem; }
@media (max-width: 40rem) { th, td { padding: .2rem .25rem; font-size: .85rem; }
  td:first-child { overflow-wrap: anywhere; } figure { width: 100%; } img { width: 47%; } }
"""
_COLUMNS = {
    "psnr_db": ("PSNR [dB]", 4),
    "ssim": ("SSIM", 4),
    "psnr_y_db": ("PSNR-Y [dB]", 4),
    "ssim_y": ("SSIM-Y", 4),
}
_FAULTS_SHOWN = 40


def refused(title: str, faults: Sequence[str]) -> str:
    """Return the page of an upload that was not scored."""
    more = len(faults) - _FAULTS_SHOWN
    listed = [f"<li>{escape(fault)}</li>" for fault in faults[:_FAULTS_SHOWN]]
    listed += [f"<li>and {more} more</li>"] if more > 0 else []
    return _page(
        title,
        [
            '<div class="bad"><p><strong>Not scored.</strong> Mend this and upload again; '
            "<code>check.py</code> of the starting kit finds the same before you upload.</p>",
            f"<ul>{''.join(listed)}</ul></div>",
        ],
    )


def scored(
    reference: Reference,
    scores: Scores,
    crops: Mapping[str, Crop],
    measured: Measured | None = None,
) -> str:
    """Return the page of a scored upload; `crops` are those of its worst images, by their names."""
    title = f"{reference.title}: {reference.split}"
    if reference.private:
        count = f"{len(scores.images)} images were scored."
        return _page(title, [f"<p>{count} The scores of this phase are hidden until it ends.</p>"])
    return _page(title, [*_notes(reference, scores, measured), *_table(scores), *_crops(crops)])


def _notes(reference: Reference, scores: Scores, measured: Measured | None) -> Iterator[str]:
    yield (
        f"<p>x{reference.scale}, {reference.border} pixels cut on every side. "
        "PSNR and SSIM are means over the images.</p>"
    )
    if scores.hints:
        hints = "".join(f"<li>{escape(hint)}</li>" for hint in scores.hints)
        yield f'<div class="bad"><p>The figures look like a slip:</p><ul>{hints}</ul></div>'
    if measured:
        yield (
            f"<p>Measured by running the code there, on {escape(measured.device)}: "
            f"{measured.runtime_ms:.2f} ms per image in one visit, "
            f"{measured.params:,} parameters. The final ranking measures again.</p>"
        )
        return
    claims = scores.claims
    if claims is None:
        yield "<p>There is no readme.txt: runtime, parameters and extra data stay empty.</p>"
        return
    claimed = [
        f"{claims.runtime_s:g} s per image" if claims.runtime_s is not None else "",
        f"on the {'CPU' if claims.on_cpu else 'GPU'}" if claims.on_cpu is not None else "",
        f"{claims.params:,} parameters" if claims.params is not None else "",
        f"{'with' if claims.extra_data else 'no'} extra data"
        if claims.extra_data is not None
        else "",
    ]
    said = escape(", ".join(part for part in claimed if part)) or "nothing"
    yield f"<p>The readme claims, and nobody measured: {said}.</p>"


def _table(scores: Scores) -> Iterator[str]:
    columns = {name: column for name, column in _COLUMNS.items() if name in scores.mean}
    yield "<h2>Every image</h2><table><thead><tr><th>image</th>"
    yield "".join(f"<th>{title}</th>" for title, _ in columns.values()) + "</tr></thead><tbody>"
    rows = [("mean", scores.mean), *((one.image, vars(one.fidelity)) for one in scores.images)]
    for name, figures in rows:
        cells = "".join(f"<td>{figures[key]:.{n}f}</td>" for key, (_, n) in columns.items())
        kind = ' class="mean"' if figures is scores.mean else ""
        yield f"<tr{kind}><td>{escape(name)}</td>{cells}</tr>"
    yield "</tbody></table>"


def _crops(crops: Mapping[str, Crop]) -> Iterator[str]:
    yield "<h2>The worst places</h2>"
    yield (
        '<p class="quiet">Of the images of the lowest PSNR, the window of the largest error: your '
        "pixels, and the error by blocks of 8 pixels, white where it is largest.</p>"
    )
    yield '<div class="crops">'
    for name, crop in crops.items():
        largest = float(crop.error.max())
        levels = np.rint(crop.error / (largest or 1) * 255).astype(np.uint8)
        yield "<figure>"
        yield _image(crop.sr, f"the worst part of {name}")
        yield _image(_grey(levels), f"the error in this part of {name}")
        caption = f"{name}: up to {largest:.1f} of 255 levels, root mean square of a block"
        yield f"<figcaption>{escape(caption)}</figcaption></figure>"
    yield "</div>"


def _grey(levels: NDArray[np.uint8]) -> Image:
    return np.repeat(levels[..., None], 3, axis=2)


def _image(pixels: Image, alternative: str) -> str:
    stream = io.BytesIO()
    write_image(stream, np.ascontiguousarray(pixels))
    data = base64.b64encode(stream.getvalue()).decode()
    return f'<img alt="{escape(alternative)}" src="data:image/png;base64,{data}"> '


def _page(title: str, parts: Sequence[str]) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>\n" + "\n".join(parts) + "\n</body></html>\n"
    )
