"""The graphs of the architecture page are the imports of the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "openstackoid"
PAGE = ROOT / "docs" / "explanation" / "architecture.md"


def imported(file: Path) -> Iterator[tuple[str, ...]]:
    """Yield the modules of ours that a module imports, without the package's name."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("openstackoid"):
            below = tuple((node.module or "").split(".")[1:])
            for alias in node.names:
                named = SOURCE.joinpath(*below, alias.name)
                is_module = named.is_dir() or named.with_suffix(".py").exists()
                yield (*below, alias.name) if is_module else below


def edges(folder: Path) -> set[tuple[str, str]]:
    """Return which entries of a folder import which others of it."""
    inside = folder.relative_to(SOURCE).parts
    depth = len(inside)
    found = set()
    for file in folder.rglob("*.py"):
        importer = file.relative_to(folder).with_suffix("").parts[0]
        for module in imported(file):
            if module[:depth] == inside and len(module) > depth and module[depth] != importer:
                found.add((importer, module[depth]))
    return {(a, b) for a, b in found if a != "__init__"}


def graph(found: set[tuple[str, str]]) -> str:
    """Return the edges as the page has them."""
    lines = (f"    {a} --> {b}" for a, b in sorted(found))
    return "graph TD\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(("number", "folder"), [(0, SOURCE), (1, SOURCE / "gateway")])
def test_the_page_shows_the_imports(number: int, folder: Path) -> None:
    """If this fails, the text in the assertion is what the page should have."""
    shown = re.findall(r"```mermaid\n(.*?)```", PAGE.read_text(), re.DOTALL)[number]
    assert shown == graph(edges(folder))
