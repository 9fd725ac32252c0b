"""The first tables of the journal."""

from importlib import import_module

first = import_module("openstackoid.journal.migrations.versions.0001_intents")


def test_it_is_the_first() -> None:
    """No journal is older."""
    assert (first.revision, first.down_revision) == ("0001", None)
