"""Creates Neutron's tables in SQLite: python -m openstackoid.lab.serve.neutron_schema URL.

Neutron's migrations do not support SQLite, so the tables are created from its models and marked as
migrated to the newest revisions.
"""

import sys
from importlib import import_module
from pathlib import Path

import sqlalchemy
from alembic.script import ScriptDirectory


def main(url: str) -> None:
    """Create all tables of Neutron in an empty database."""
    metadata = import_module("neutron.db.migration.models.head").get_metadata()
    engine = sqlalchemy.create_engine(url)
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
        )
        connection.execute(
            sqlalchemy.text("INSERT INTO alembic_version VALUES (:head)"),
            [{"head": head} for head in _heads()],
        )


def _heads() -> list[str]:
    migration = Path(str(import_module("neutron.db.migration").__file__)).parent
    scripts = migration / "alembic_migrations"
    places = {str(path.parent) for path in (scripts / "versions").rglob("*.py")}
    return ScriptDirectory(str(scripts), version_locations=sorted(places)).get_heads()


if __name__ == "__main__":
    main(sys.argv[1])
