"""What the modules of the operators know of one another, and the rules of all of them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import openstackoid.client.composite
import openstackoid.operators

OPERATORS = Path(openstackoid.operators.__file__).parent
COMPOSITE = Path(openstackoid.client.composite.__file__).parent


def imports(file: Path) -> Iterator[ast.ImportFrom]:
    """Yield the imports of a module, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node


def test_the_rules_need_next_to_nothing() -> None:
    """So that the `openstack` command has them without the gateway's libraries."""
    for name, allowed in (("rules", {"openstackoid.operators.shapes"}), ("shapes", set())):
        modules = {node.module or "" for node in imports(OPERATORS / f"{name}.py")}
        assert {module for module in modules if module.startswith("openstackoid")} == allowed


def test_no_private_name_crosses_a_module() -> None:
    """What another module needs has a public name, and nothing is imported for its type alone."""
    for file in (*OPERATORS.glob("*.py"), *COMPOSITE.glob("*.py")):
        named = [alias.name for node in imports(file) for alias in node.names]
        assert not [name for name in named if name.startswith("_") or name == "TYPE_CHECKING"]
