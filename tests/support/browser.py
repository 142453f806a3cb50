"""Pages driven in a real browser: Debian's chromium, headless."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

_BEFORE = """<script>
window.faults = [];
addEventListener("error", (event) => faults.push(event.message));
addEventListener("securitypolicyviolation", (event) => faults.push(event.blockedURI));
</script>"""
_AFTER = """<script>
(async () => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const type = (id, value) => {
    const field = document.getElementById(id);
    field.value = value;
    field.dispatchEvent(new Event("input"));
  };
  for (let tries = 0; tries < 100 && !document.hasFocus(); tries++)
    await new Promise((done) => setTimeout(done, 20)); // a busy machine focuses a page late
  let seen;
  try { seen = await (async () => { %s })(); } catch (error) { faults.push(String(error)); }
  const note = document.createElement("pre");
  note.id = "seen";
  note.textContent = JSON.stringify({
    seen, faults, requests: performance.getEntriesByType("resource").map((one) => one.name),
  });
  document.body.append(note);
})();
</script>"""


def look(page: Path, folder: Path, script: str, fragment: str = "", *options: str) -> object:
    """Return what `script` returns on a copy of `page`; fail on any error or request of the page.

    The script knows `all(selector)` and `type(id, value)`.
    """
    text = page.read_text(encoding="utf-8")
    head, body = text.split("<style>", 1)
    copy = folder / "copy.html"
    changed = head + _BEFORE + "<style>" + body.replace("</body>", _AFTER % script + "</body>")
    copy.write_text(changed, encoding="utf-8")
    address = copy.as_uri() + (f"#{fragment}" if fragment else "")
    dom = _chromium(folder, address, "--virtual-time-budget=5000", "--dump-dom", *options)
    note = re.search(r'<pre id="seen">(.*)</pre>', dom, re.DOTALL)
    assert note, f"the page did not come to its end: {dom[:500]}"
    told = json.loads(html.unescape(note[1]))
    assert told["faults"] == []
    assert told["requests"] == []
    return told["seen"]


def printed_pages(page: Path, folder: Path) -> int:
    """Return on how many sheets `page` is printed."""
    pdf = folder / "page.pdf"
    _chromium(folder, page.as_uri(), f"--print-to-pdf={pdf}")
    return len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))


def _chromium(folder: Path, address: str, *options: str) -> str:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian's package `chromium`)")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", *options]
    profile = f"--user-data-dir={folder / 'profile'}"
    done = subprocess.run(
        [*command, profile, address], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout
