"""Makes the databases, passwords and keys of a new cloud.

Databases are copies of the schemas, with the few rows that no API can create.
"""

import base64
import json
import os
import secrets
import shutil
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

from openstackoid.identity import keys
from openstackoid.lab import files
from openstackoid.lab.cloud import LabCloud

_CELL0 = "00000000-0000-0000-0000-000000000000"  # nova's own constant
_NEVER_DEAD = "2099-01-01 00:00:00.000000"


def make_passwords(cloud: LabCloud) -> None:
    """Make a password for every user that has none."""
    known: dict[str, str] = files.read_yaml(cloud.passwords)
    users = (
        "admin",
        "alice",
        "gateway",
        *(s.project for s in cloud.services if s.type != "identity"),
    )
    files.write_yaml(cloud.passwords, {u: known.get(u) or secrets.token_urlsafe(24) for u in users})


def make_keys(cloud: LabCloud) -> None:
    """Make the keys for Keystone's tokens and credentials, and those of the gateway."""
    if not cloud.keys.exists():
        keys.write(keys.make(), cloud.keys)
    for name in ("fernet-keys", "credential-keys"):
        directory = cloud.config("identity") / name
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (directory / "1").exists():
            files.write(directory / "1", base64.urlsafe_b64encode(os.urandom(32)).decode())


def make_databases(cloud: LabCloud, schemas: Path) -> None:
    """Make the databases that a cloud lacks, each in one step."""
    cloud.databases.mkdir(mode=0o700, parents=True, exist_ok=True)
    for service in cloud.services:
        for name in service.databases:
            database = cloud.databases / f"{name}.sqlite"
            if not database.exists():
                part = database.with_suffix(".part")
                shutil.copy(schemas / database.name, part)
                with closing(sqlite3.connect(part)) as connection, connection:
                    _fill(connection, name, cloud)
                part.replace(database)


def _fill(connection: sqlite3.Connection, name: str, cloud: LabCloud) -> None:
    if name == "nova_api":
        connection.executemany(
            "INSERT INTO cell_mappings"
            " (created_at, uuid, name, transport_url, database_connection, disabled)"
            " VALUES (datetime('now'), ?, ?, ?, ?, 0)",
            [
                (_CELL0, "cell0", "none:///", cloud.database("nova_cell0")),
                (str(uuid.uuid4()), "cell1", "fake://", cloud.database("nova_cell1")),
            ],
        )
    if name == "neutron":
        # Neutron's Open vSwitch driver binds ports only on hosts with an agent; it reads this row.
        connection.execute(
            "INSERT INTO agents (id, agent_type, binary, topic, host, admin_state_up, created_at,"
            " started_at, heartbeat_timestamp, configurations, load)"
            " VALUES (?, 'Open vSwitch agent', 'neutron-openvswitch-agent', 'N/A', ?, 1,"
            " datetime('now'), datetime('now'), ?, ?, 0)",
            (
                str(uuid.uuid4()),
                cloud.hypervisor,
                _NEVER_DEAD,
                json.dumps({"bridge_mappings": {}, "tunnel_types": []}),
            ),
        )
