"""The tests mirror the source: what is said of a/b.py is shown in tests/a/test_b.py."""

from pathlib import Path

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src" / "openstackoid"

WITHOUT = {
    "lab/cloud.py",
    "lab/contents.py",
    "lab/demo.py",
    "lab/environment.py",
    "lab/errors.py",
    "lab/links/__main__.py",
    "lab/links/connection.py",
    "lab/links/listener.py",
    "lab/logins.py",
    "lab/progress.py",
    "lab/schemas.py",
    "lab/serve/__main__.py",
    "lab/serve/applications.py",
    "lab/serve/driver.py",
    "lab/serve/neutron_schema.py",
    "lab/serve/sqlite.py",
    "lab/services.py",
    "lab/status.py",
}
"""Modules that only the tests of others reach. This list only shrinks: nothing new gets into it."""


def test_each_module_has_its_tests() -> None:
    """Whoever changes a module finds what is said of it; those without are named."""
    modules = {file.relative_to(SOURCE) for file in SOURCE.rglob("*.py")}
    without = {
        str(module)
        for module in modules
        if module.name != "__init__.py"
        and not (TESTS / module.parent / f"test_{module.name}").exists()
    }
    assert without == WITHOUT
