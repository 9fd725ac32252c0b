"""The tables of the journal."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from openstackoid.journal.schema import metadata
from openstackoid.journal.store import FILE, Store


def test_a_new_journal_has_these_tables(tmp_path: Path) -> None:
    """What the migrations make, and what the store uses, is the same."""
    Store(tmp_path, [b"s" * 64]).close()
    engine = create_engine(f"sqlite:///{tmp_path / FILE}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
