"""The leaderboard's page, driven in a browser."""

import re
from pathlib import Path

import pytest

from tests.support.browser import look, printed_pages
from tests.support.runs import HOSTILE, made, render

pytestmark = pytest.mark.heavy

NAMES = """
const names = () => all("section:not([hidden]) tr[data-eligible]:not([hidden]) th")
  .map((cell) => cell.dataset.value);
"""


def page(out: Path) -> Path:
    return out / "report" / "index.html"


def test_the_page_needs_nothing_but_itself(plain: Path) -> None:
    text = page(plain).read_text()
    assert not re.search(r"<(script|img|link|iframe)[^>]*\b(src|href)=\"(?!data:)", text)
    assert not re.search(r"@import|url\((?!#)", text)
    assert "default-src 'none'" in text


def test_rows_stand_in_the_order_of_the_track(plain: Path, tmp_path: Path) -> None:
    seen = look(page(plain), tmp_path, NAMES + "return names();")
    # the published order of the main track of 2022, then those below the threshold, and failed
    assert seen[:3] == ["ByteESR", "NJU_Jet", "NEESR"]
    assert seen[34] == "mju_mnu"
    assert len(seen) == 46
    assert seen[-1] == "Bad"


def test_a_click_sorts_on_raw_values_and_missing_stay_last(plain: Path, tmp_path: Path) -> None:
    script = """
    const header = () => document.querySelector("section:not([hidden]) th[data-key=params]");
    const rows = (body) => all("tr[data-eligible]", body);
    const values = () => all("section:not([hidden]) tbody").map((body) => rows(body)
      .map((row) => row.cells[header().cellIndex].dataset.value));
    const seen = [];
    for (let i = 0; i < 2; i++) {
      header().querySelector("button").click();
      seen.push([header().ariaSort, all("section:not([hidden]) [aria-sort]").length, values()]);
    }
    return [seen, location.hash];
    """
    (up, down), fragment = look(page(plain), tmp_path, script)
    assert (up[:2], down[:2]) == (["ascending", 1], ["descending", 1])
    ranked_up, others_up = up[2]
    ranked_down, others_down = down[2]
    assert [float(v) for v in ranked_up] == sorted(float(v) for v in ranked_up)
    assert float(ranked_up[0]) == 156_000  # XPixel
    assert float(ranked_down[0]) == 832_000  # Just Try
    assert [float(v) for v in ranked_down] == sorted(map(float, ranked_up), reverse=True)
    assert others_up[-1] == others_down[-1] == ""
    assert fragment == "#sort=params&direction=descending"


def test_a_fragment_brings_back_a_view(plain: Path, tmp_path: Path) -> None:
    fragment = "track=overall&sort=flops&text=esr&show=yes&hide=memory_mib,team"
    script = """
    return [
      names(), document.querySelector("[aria-selected=true]").textContent,
      all("section:not([hidden]) thead th").filter((th) => th.hidden).map((th) => th.dataset.key),
      document.getElementById("count").textContent, location.hash,
    ];
    """
    names, track, hidden, count, kept = look(page(plain), tmp_path, NAMES + script, fragment)
    # FLOPs of the published table: 8.73, 16.73, 16.86, 19.7 G
    assert names == ["NJUST_ESR", "NKU-ESR", "NEESR", "ByteESR"]
    assert track == "overall"
    assert hidden == ["team", "memory_mib"]
    assert count == "4 entries"
    assert kept == "#" + fragment


def test_filters_write_the_fragment(plain: Path, tmp_path: Path) -> None:
    script = """
    type("text", "bad");
    const first = [names(), location.hash];
    type("text", "");
    type("show", "no");
    return [first, names().length, location.hash];
    """
    first, number, fragment = look(page(plain), tmp_path, NAMES + script)
    assert first == [["Bad"], "#text=bad"]
    assert number == 11  # eight below a threshold, two baselines, one failed
    assert fragment == "#show=no"


def test_reasons_and_flags_are_there_to_read(plain: Path, tmp_path: Path) -> None:
    script = """
    return [all(".reason").map((one) => one.textContent).at(-1),
            all("section:not([hidden]) .badge").map((one) => one.textContent.trim())[0],
            all("section:not([hidden]) .missed").length];
    """
    reason, badge, missed = look(page(plain), tmp_path, script)
    assert reason == "failed: Net(...) raised KeyError: 'x' & <more>"
    assert re.fullmatch(r"⚑ nondeterministic\s*MegSR differs", badge)
    assert missed > 8


def test_hostile_names_stay_text(hostile: Path, tmp_path: Path) -> None:
    script = """
    return [names().map((name) => name.replace(/\\s+/g, " ")), document.title,
            all("img, iframe").length, all("svg script").length,
            all("section:not([hidden]) tbody th a").map((link) => link.textContent)];
    """
    names, title, pictures, scripts, shown = look(page(hostile), tmp_path, NAMES + script)
    assert title == "NTIRE 2022 Challenge on Efficient Super-Resolution"
    assert (pictures, scripts) == (0, 0)
    assert {_spaced(name) for name in HOSTILE} <= set(names)
    assert set(HOSTILE) <= set(shown)


def _spaced(name: str) -> str:
    return re.sub(r"\s+", " ", name)


@pytest.mark.parametrize("run", ["plain", "hostile"])
def test_labels_of_points_do_not_touch(
    run: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    script = """
    const clashes = [];
    for (const svg of all("svg")) {
      const labels = all(".label text", svg).map((one) => one.getBoundingClientRect());
      labels.forEach((a, i) => labels.slice(i + 1).forEach((b) => {
        if (a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom)
          clashes.push([a.left, a.top, b.left, b.top]);
      }));
    }
    return [all(".label").length, clashes];
    """
    number, clashes = look(page(request.getfixturevalue(run)), tmp_path, script)
    assert number > 40
    assert clashes == []


def test_points_name_their_entries(plain: Path, tmp_path: Path) -> None:
    script = """
    const point = document.querySelector("svg .point");
    point.focus();
    return [point.getAttribute("aria-label"), point.querySelector("title").textContent,
            document.activeElement === point, new Set(all("[id]").map((one) => one.id)).size
            === all("[id]").length];
    """
    text, title, focused, unique = look(page(plain), tmp_path, script)
    assert text == title
    assert text.startswith("ByteESR, 29.00 dB on valid, 28.72 dB on test, 27.")
    assert focused
    assert unique


def test_the_first_row_is_seen_without_scrolling(plain: Path, tmp_path: Path) -> None:
    script = """
    const cells = [...document.querySelector("tr[data-eligible]").cells];
    return [cells.slice(0, -1).at(-1).getBoundingClientRect(), innerWidth, innerHeight].flatMap(
      (one) => one instanceof DOMRect ? [one.right, one.bottom] : [one]);
    """
    options = ("--window-size=1366,768",)
    right, bottom, width, height = look(page(plain), tmp_path, script, "", *options)
    assert right <= width
    assert bottom <= height


def test_the_page_is_as_wide_as_a_phone(plain: Path, tmp_path: Path) -> None:
    script = "return [document.documentElement.scrollWidth, innerWidth];"
    scrolled, width = look(page(plain), tmp_path, script, "", "--window-size=500,900")
    assert scrolled <= width


@pytest.mark.parametrize("width", [1280, 1440])
def test_no_column_is_cut(plain: Path, tmp_path: Path, width: int) -> None:
    script = """
    const wide = document.querySelector("section:not([hidden]) .wide");
    const figure = document.querySelector(".beside").getBoundingClientRect();
    const table = wide.getBoundingClientRect();
    return [wide.scrollWidth - wide.clientWidth, figure.left > table.right, figure.top < 400];
    """
    options = (f"--window-size={width},900",)
    cut, beside, above = look(page(plain), tmp_path, script, "", *options)
    assert cut <= 0
    assert (beside, above) == (width > 1400, width > 1400)


def test_a_phone_shows_no_field_that_is_empty(plain: Path, tmp_path: Path) -> None:
    script = """
    const cells = all("section:not([hidden]) tr[data-eligible] td")
      .filter((cell) => cell.offsetParent);
    const [row] = all("section:not([hidden]) tr[data-eligible]");
    const [rank, name] = ["td[data-key=rank]", "th"].map((one) => row.querySelector(one)
      .getBoundingClientRect());
    return [cells.length, cells.filter((cell) => cell.dataset.value === "").length,
            Math.abs(rank.top - name.top) < 8 && rank.left > name.left];
    """
    shown, empty, beside = look(page(plain), tmp_path, script, "", "--window-size=500,900")
    assert shown > 400
    assert empty == 0
    assert beside


def test_it_prints(plain: Path, tmp_path: Path) -> None:
    assert 4 <= printed_pages(page(plain), tmp_path) <= 10


def test_a_long_table_is_drawn_as_it_is_read(tmp_path: Path) -> None:
    """A thousand rows cost what a hundred do, until the reader comes to them."""
    render(made(230, 2, 1), tmp_path / "out")
    script = """
    const more = document.getElementById("more"), count = document.getElementById("count");
    const state = () => [names().length, more.hidden, count.textContent];
    const seen = [state()];
    more.click();
    seen.push(state());
    type("text", names().at(-1));  // of a row beyond the first hundred
    seen.push(state());
    type("text", "");
    dispatchEvent(new Event("beforeprint"));
    seen.push(state());
    return seen;
    """
    first, second, filtered, printed = look(page(tmp_path / "out"), tmp_path, NAMES + script)
    assert first == [100, False, "230 entries"]
    assert second == [200, False, "230 entries"]
    assert 1 <= filtered[0] <= 100 and filtered[1]
    assert printed == [230, True, "230 entries"]
