"""Migrations of the journal, forward and back."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from journal.making import OPEN, intent
from sqlalchemy import create_engine, inspect

from openstackoid.journal.store import FILE, Store

SECRET = b"s" * 64


def migrated(file: Path, revision: str) -> set[str]:
    """Bring a journal to a version; return the names of its tables."""
    engine = create_engine(f"sqlite:///{file}")
    config = Config()
    config.set_main_option("script_location", "openstackoid.journal:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        if revision == "base":
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)
    tables = set(inspect(engine).get_table_names())
    engine.dispose()
    return tables


def test_a_journal_goes_back_and_forth(tmp_path: Path) -> None:
    """The way back to no tables is for the first version; later ones keep what is in them."""
    Store(tmp_path, [SECRET]).close()
    file = tmp_path / FILE
    assert migrated(file, "base") == {"alembic_version"}
    assert migrated(file, "head") == {
        *("alembic_version", "intents", "keys"),
        *("operations", "copies", "lives"),
    }
    store = Store(tmp_path, [SECRET])
    one = intent()
    store.keep([one])
    assert store.all(OPEN) == [one]
    store.close()
