"""The page of a scored upload, looked at in a browser."""

import numpy as np
import pytest

from harness.records import Fidelity, ImageScore, Reference, Scores
from harness.uploads import page
from harness.uploads.crops import worst_window
from tests.support.browser import look

# chromium makes no window of less than 500 pixels, but a frame of any width
IN_A_FRAME = """
const frame = document.createElement("iframe");
frame.style.width = "%dpx";
frame.style.border = "0";
frame.style.height = "3000px"; // without a scroll bar
const copy = document.documentElement.cloneNode(true);
all("script", copy).forEach((one) => one.remove());
frame.srcdoc = copy.outerHTML;
const loaded = new Promise((done) => { frame.onload = done; });
document.body.append(frame);
await loaded;
const [first, second] = all("img", frame.contentDocument).map((one) => one.getBoundingClientRect());
return [frame.contentDocument.documentElement.scrollWidth, first.top == second.top];
"""


@pytest.mark.heavy
@pytest.mark.parametrize("width", [360, 400, 900])
def test_no_figure_is_cut_on_a_narrow_page(tmp_path, width):
    figures = Fidelity(psnr_db=29.8547, ssim=0.8586, psnr_y_db=31.7459, ssim_y=0.8898)
    images = tuple(ImageScore("valid", f"img_00{n}x4.png", figures, "") for n in range(3))
    pixels = np.arange(96 * 96 * 3, dtype=np.uint8).reshape(96, 96, 3)
    crops = {one.image: worst_window(pixels, pixels.transpose(1, 0, 2)) for one in images}
    (tmp_path / "page.html").write_text(
        page.scored(
            Reference("a challenge", "valid", 4, 4, ()),
            Scores(images, vars(figures), None),
            crops,
        )
    )
    # as wide as the frame, the error beside the pixels that it belongs to
    assert look(tmp_path / "page.html", tmp_path, IN_A_FRAME % width) == [width, True]
