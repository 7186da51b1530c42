"""Documentation names only what is there: linked files, commands of `raceway`, recipes of make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click import Context

from raceway_cli.main import group

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("sdks/*/*.md"), *ROOT.glob("examples/*/*.md")]
)

_LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")
_CODE = re.compile(r"```\w*\n(.*?)```|`((?:raceway|make) [^`]+)`", re.DOTALL)
_COMMAND = re.compile(r"^\s*(?:\.venv/bin/)?raceway ([a-z]+)", re.MULTILINE)
_RECIPE = re.compile(r"^\s*make ([a-z]+)", re.MULTILINE)
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_linked_files_exist(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text()) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_code_exist(page: Path) -> None:
    code = "\n".join(block or inline for block, inline in _CODE.findall(page.read_text()))
    known = group.list_commands(Context(group))
    assert set(_COMMAND.findall(code)) <= set(known)
    assert set(_RECIPE.findall(code)) <= set(_TARGET.findall((ROOT / "Makefile").read_text()))
