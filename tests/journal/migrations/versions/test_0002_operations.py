"""The tables of replicated resources."""

from importlib import import_module
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, inspect

second = import_module("openstackoid.journal.migrations.versions.0002_operations")


def test_it_follows_the_first() -> None:
    """A journal with intents alone gets them."""
    assert (second.revision, second.down_revision) == ("0002", "0001")


def test_they_can_be_removed_again(tmp_path: Path) -> None:
    """With all that is in them."""
    engine = create_engine(f"sqlite:///{tmp_path / 'x'}")
    with engine.begin() as connection:
        with Operations.context(MigrationContext.configure(connection)):
            second.upgrade()
            assert set(inspect(connection).get_table_names()) >= {"operations", "copies", "lives"}
        with Operations.context(MigrationContext.configure(connection)):
            second.downgrade()
    assert inspect(engine).get_table_names() in ([], ["sqlite_sequence"])
