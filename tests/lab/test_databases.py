"""The databases, keys and passwords of a new cloud."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from openstackoid.lab import LabCloud, databases, files


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    """Return a directory with schemas that have just the tables a lab writes to."""
    kept = tmp_path / "schemas"
    kept.mkdir()
    tables = {
        "nova_api": "cell_mappings (created_at, uuid UNIQUE, name, transport_url,"
        " database_connection, disabled)",
        "neutron": "agents (id, agent_type, binary, topic, host, admin_state_up, created_at,"
        " started_at, heartbeat_timestamp, configurations, load)",
    }
    for name in ("keystone", "glance", "placement", "nova_cell0", "nova_cell1", "cinder", *tables):
        with closing(sqlite3.connect(kept / f"{name}.sqlite")) as connection:
            connection.execute(f"CREATE TABLE {tables.get(name, 'things (id)')}")
    return kept


def rows(cloud: LabCloud, database: str, query: str) -> list[tuple[object, ...]]:
    """Return what a query finds in a database of a cloud."""
    with closing(sqlite3.connect(cloud.databases / f"{database}.sqlite")) as connection:
        return connection.execute(query).fetchall()


def test_nova_knows_its_cells_and_neutron_the_host(cloud: LabCloud, schemas: Path) -> None:
    """These are the rows that no API makes."""
    databases.make_databases(cloud, schemas)
    cells = rows(cloud, "nova_api", "SELECT name, database_connection FROM cell_mappings")
    assert cells == [
        ("cell0", cloud.database("nova_cell0")),
        ("cell1", cloud.database("nova_cell1")),
    ]
    assert rows(cloud, "neutron", "SELECT host FROM agents") == [(cloud.hypervisor,)]


def test_a_database_that_is_there_stays(cloud: LabCloud, schemas: Path) -> None:
    """What a cloud holds survives the next start, and half a copy does not count."""
    databases.make_databases(cloud, schemas)
    with sqlite3.connect(cloud.databases / "keystone.sqlite") as connection:
        connection.execute("INSERT INTO things VALUES (42)")
    connection.close()
    (cloud.databases / "glance.sqlite").unlink()
    (cloud.databases / "glance.part").write_bytes(b"half")
    databases.make_databases(cloud, schemas)
    assert rows(cloud, "keystone", "SELECT id FROM things") == [(42,)]
    assert rows(cloud, "glance", "SELECT id FROM things") == []


def test_keys_and_passwords_are_made_once(cloud: LabCloud) -> None:
    """Tokens and logins survive the next start."""
    databases.make_keys(cloud)
    secrets = [cloud.passwords, cloud.keys, *cloud.config("identity").rglob("1")]
    before = [path.read_text() for path in secrets]
    databases.make_keys(cloud)
    databases.make_passwords(cloud)
    assert [path.read_text() for path in secrets] == before
    assert len(secrets) == 4
    assert len(set(files.read_yaml(cloud.passwords).values())) == 8
