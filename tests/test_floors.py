"""What may import what, package by package, and that each package says what is in it."""

import ast
import re

import pytest

from tests.support.places import ROOT

MAY_IMPORT = {
    "errors": "",
    "records": "errors",
    "worker": "errors records",
    "store": "errors records",
    "protocols": "errors records",
    "statistics": "errors records",
    "images": "errors records store worker",
    "uploads": "errors records store images",
    "codabench": "errors records worker store statistics images uploads entries evaluation",
    "entries": "errors records store worker",
    "sandbox": "errors records worker entries",
    "machines": "errors records worker entries sandbox",
    "ranking": "errors records store statistics",
    "evaluation": "errors records worker store statistics images entries sandbox machines ranking",
    "reports": "errors records store statistics ranking entries",
    "cli": "errors records worker store protocols statistics images entries sandbox machines "
    "ranking evaluation uploads codabench reports",
}
FILES = [f for top in ("harness", "reports") for f in sorted((ROOT / top).rglob("*.py"))]
PACKAGES = [f.parent for f in FILES if f.name == "__init__.py"]
LISTED = re.compile(r"^\s*(?P<name>\w+/?)\s{2,}\S", re.MULTILINE)


def package(parts):
    return parts[0] if parts[0] == "reports" else parts[1]


def test_the_table_lists_every_package():
    found = {package(file.relative_to(ROOT).with_suffix("").parts) for file in FILES}
    assert found - {"__init__"} == set(MAY_IMPORT)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_packages_import_only_what_they_may(file):
    own = package(file.relative_to(ROOT).with_suffix("").parts)
    for node in ast.walk(ast.parse(file.read_text())):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for parts in (name.split(".") for name in names):
            if parts[0] in ("harness", "reports") and len(parts) > 1 and own != "__init__":
                assert package(parts) in {own, *MAY_IMPORT[own].split()}, ".".join(parts)


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_packages_say_what_is_in_them(folder):
    """One sentence on the package, then a line `module  what it is` or `package/  what it is`."""
    modules = {file.stem for file in folder.glob("*.py")} - {"__init__"}
    there = modules | {f"{part.name}/" for part in PACKAGES if part.parent == folder}
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    listed = {match["name"] for match in LISTED.finditer(text)}
    own = ".".join(folder.relative_to(ROOT).parts)
    assert text.split("\n\n")[0].endswith("."), f"{own} begins with no sentence"
    assert not there - listed, f"{own} does not list {sorted(there - listed)}"
    assert not listed - there, f"{own} lists {sorted(listed - there)}, which it does not have"
