"""Pages printed to PDF."""

from pathlib import Path

import pytest

from harness import cli
from harness.store.runs import save_run
from tests.support.browser import CHROMIUM
from tests.support.runs import made


@pytest.mark.heavy
def test_every_page_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian's package `chromium`)")
    save_run(tmp_path, made(2, 4))
    assert cli.main(["report", str(tmp_path), "--pdf"]) == cli.OK
    files = sorted((tmp_path / "report").rglob("*.pdf"))
    assert [file.name for file in files] == ["entry00.pdf", "entry01.pdf", "index.pdf"]
    assert all(file.read_bytes().startswith(b"%PDF-") for file in files)
    assert capsys.readouterr().out.endswith("index.pdf and 2 factsheets\n")


def test_without_a_browser_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    save_run(tmp_path, made(1, 4))
    assert cli.main(["report", str(tmp_path), "--pdf"]) == cli.UNUSABLE
    assert "install it (Debian: apt install chromium)" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()
