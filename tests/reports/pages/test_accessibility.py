"""Rules that screen readers and keyboards need, held on every kind of page."""

from pathlib import Path

import pytest

from harness import cli
from harness.store.runs import save_run
from reports import paper
from reports.pages import profile
from tests.support.browser import look
from tests.support.methods import table_of_everything
from tests.support.profiled import MADE
from tests.support.runs import made

pytestmark = pytest.mark.heavy

DARK = "--blink-settings=preferredColorScheme=0"
CONTRAST = """
const numbers = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
const luminance = (colour) => numbers(colour).slice(0, 3).map((c) => c / 255)
  .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (element) => {
  for (; element; element = element.parentElement) {
    const colour = getComputedStyle(element).backgroundColor, alpha = numbers(colour)[3];
    if (alpha === undefined || alpha > 0) return colour;
  }
  return "rgb(255, 255, 255)";
};
const checked = all("body *").filter((element) => !element.matches("script, title, pre#seen")
  && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
const faint = checked.map((element) => {
  const style = getComputedStyle(element);
  const colour = element instanceof SVGElement ? style.fill : style.color;
  const [a, b] = [luminance(colour), luminance(behind(element))];
  return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.outerHTML.slice(0, 90)];
}).filter(([ratio]) => ratio < 4.5);
return [checked.length, faint, behind(document.querySelector("h1"))];
"""
STRUCTURE = """
const faults = [], say = (what, element) => faults.push([what, element.outerHTML.slice(0, 120)]);
const here = (id) => document.getElementById(id);
const name = (element) => (element.getAttribute("aria-label")
  || here(element.getAttribute("aria-labelledby"))?.textContent
  || [...(element.labels || [])].map((label) => label.textContent).join(" ")
  || element.textContent || "").trim();
if (!document.documentElement.lang) say("no language", document.documentElement);
if (!document.title.trim()) say("no title", document.head);
if (all("main").length !== 1 || all("h1").length !== 1) say("one main and one h1", document.body);
let level = 0;
for (const heading of all("h1, h2, h3, h4")) {
  const own = Number(heading.tagName[1]);
  if (own > level + 1) say("a level of headings is left out", heading);
  if (!heading.textContent.trim()) say("an empty heading", heading);
  level = own;
}
const controls = all("a[href], button, input, select, summary, output, [tabindex], [role]");
for (const one of controls) if (!name(one)) say("no name", one);
for (const one of all("[aria-controls]"))
  if (!here(one.getAttribute("aria-controls"))) say("controls nothing", one);
const ids = all("[id]").map((one) => one.id);
if (new Set(ids).size !== ids.length) say("an id stands twice", document.body);
for (const image of all("img")) if (!image.alt.trim()) say("no text for a picture", image);
for (const figure of all("svg")) if (!name(figure)) say("no name of a figure", figure);
for (const table of all("table")) {
  if (!table.caption?.textContent.trim()) say("no caption", table);
  for (const head of all("th", table)) {
    if (!head.scope) say("a header without scope", head);
    if (!head.textContent.trim()) say("an empty header", head);
  }
  for (const row of all("tbody tr", table))
    if (table.rows[0].cells.length > 1 && !row.querySelector("th[scope]") && table.tHead.rows[0]
      .cells[0].tagName === "TD") say("a row without header", row);
}
for (const table of all("table.sortable")) {
  if (!table.offsetParent) continue;
  for (const button of all("thead button", table)) {
    button.click();
    const sorted = all("th", table).filter((head) => head.ariaSort);
    const told = sorted.length === 1 && sorted[0] === button.closest("th");
    if (!told) say("not told as sorted", button);
  }
}
return [controls.length, faults];
"""
FOCUS = """
const looks = (one) => {
  const style = getComputedStyle(one);
  return [style.outlineStyle === "none" ? "none" : style.outlineWidth, style.stroke].join();
};
const faults = [];
let visited = 0;
all("details").forEach((one) => { one.open = true; });
for (const one of all("a[href], button, input, select, summary, [tabindex='0']")) {
  if (!one.checkVisibility({ visibilityProperty: true })) continue;
  const before = looks(one);
  one.focus();
  visited += 1;
  const wrong = document.activeElement !== one ? "cannot be focused"
    : looks(one) === before ? "focus is not seen" : "";
  if (wrong) faults.push([wrong, one.outerHTML.slice(0, 90)]);
}
return [visited, faults];
"""


@pytest.fixture(scope="module")
def pages(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a page of every kind."""
    out = tmp_path_factory.mktemp("compared")
    for side, entries in (("a", 4), ("b", 3)):
        save_run(out / side, made(entries, 4 + entries % 2))
    (table,) = paper.write(table_of_everything(), ["html"], out, "benchmark", "colour")
    cli.main(["compare", str(out / "a"), str(out / "b"), "--to", str(out)])
    sheets = plain / "report" / "factsheets"
    return {
        "index": plain / "report" / "index.html",
        "factsheet": sheets / "entry01.html",
        "failed": sheets / "bad.html",
        "compare": out / "compare.html",
        "profile": profile.render(MADE, out),
        "paper": table,
    }


KINDS = ["index", "factsheet", "failed", "compare", "profile", "paper"]


@pytest.mark.parametrize("kind", KINDS)
def test_everything_has_its_name_and_place(pages, tmp_path: Path, kind: str) -> None:
    number, faults = look(pages[kind], tmp_path, STRUCTURE)
    assert faults == []
    assert number > 1


@pytest.mark.parametrize("kind", KINDS)
def test_focus_is_seen(pages, tmp_path: Path, kind: str) -> None:
    number, faults = look(pages[kind], tmp_path, FOCUS)
    assert faults == []
    assert number > 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_contrast_is_enough(pages, tmp_path: Path, kind: str, scheme: str) -> None:
    options = (DARK,) if scheme == "dark" else ()
    number, faint, background = look(pages[kind], tmp_path, CONTRAST, "", *options)
    assert number > 15
    assert faint == []
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[scheme]
