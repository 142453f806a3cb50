"""What README, guide and data page tell people to type is understood by the program."""

import re
import shlex

import pytest

from harness.cli.parser import parser
from tests.support.places import ROOT

PAGES = ("README.md", "docs/guide.md", "docs/data.md", "docs/codabench.md", "docs/cluster.md")
COMMAND = re.compile(r"^    esr-harness (?P<given>.+?)(?:   .*)?$", re.MULTILINE)


def commands() -> list[str]:
    texts = [(ROOT / page).read_text() for page in PAGES]
    return [
        match["given"].replace("…", "PATH") for text in texts for match in COMMAND.finditer(text)
    ]


@pytest.mark.parametrize("command", commands())
def test_a_command_is_understood(command: str) -> None:
    options = parser("esr-harness").parse_args(shlex.split(command.replace("PATH...", "PATH")))
    assert callable(options.command)


def test_every_command_is_documented() -> None:
    (subparsers,) = (action for action in parser("esr-harness")._actions if action.choices)
    documented = {command.split()[0] for command in commands()}
    assert set(subparsers.choices) <= documented


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    file = ROOT / page
    targets = re.findall(r"\]\(([^)#]+)\)", file.read_text())
    assert targets
    assert [target for target in targets if not (file.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_script_is_named_only_as_it_can_be_called(page: str) -> None:
    named = re.findall(r"(\S*) ?run_challenge\.py", (ROOT / page).read_text())
    assert set(named) <= {"python", "`python"}
