"""Makes empty databases with the services' own `db sync`, and caches them for this user.

The cache depends on the versions of the services, so an upgrade makes new ones.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from openstackoid.lab import state
from openstackoid.lab.config import Ini, render
from openstackoid.lab.environment import child, script, user_directory
from openstackoid.lab.errors import LabError
from openstackoid.lab.services import Service

_PACKAGES = (
    "alembic",
    "cinder",
    "glance",
    "keystone",
    "neutron",
    "nova",
    "openstack-placement",
    "sqlalchemy",
)


def directory() -> Path:
    """Return the cache directory for the schemas of the installed versions."""
    versions = " ".join(f"{package}={version(package)}" for package in _PACKAGES)
    digest = sha256(versions.encode()).hexdigest()[:16]
    return user_directory("XDG_CACHE_HOME", ".cache") / "schemas" / digest


def missing(services: Collection[Service]) -> list[Service]:
    """Return the services without a schema."""
    kept = directory()
    return [s for s in services if not all((kept / f"{d}.sqlite").exists() for d in s.databases)]


def make(services: Collection[Service]) -> Path:
    """Make the missing schemas of these services, and return the directory of all schemas."""
    kept = directory()
    with state.locked(kept), ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda service: _make(service, kept), missing(services)))
    return kept


def _make(service: Service, kept: Path) -> None:
    with TemporaryDirectory(dir=kept, prefix=service.project) as name:
        work = Path(name)
        for command in _commands(service, work):
            _execute(service, command)
        if service.type == "compute":
            shutil.copy(work / "nova_cell1.sqlite", work / "nova_cell0.sqlite")
        for database in service.databases:
            made = work / f"{database}.sqlite"
            with sqlite3.connect(made) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            made.replace(kept / made.name)


def _commands(service: Service, work: Path) -> list[list[str]]:
    def url(database: str) -> str:
        return f"sqlite:///{work / database}.sqlite"

    if service.type == "network":
        return [
            [sys.executable, "-P", "-m", "openstackoid.lab.serve.neutron_schema", url("neutron")]
        ]
    section = "placement_database" if service.type == "placement" else "database"
    ini: Ini = {
        "DEFAULT": {"transport_url": "fake://", "state_path": work},
        "api_database": {"connection": url("nova_api")},
        section: {"connection": url(service.databases[-1])},
    }
    conf = work / f"{service.project}.conf"
    conf.write_text(render(ini))
    manage = [sys.executable, str(script(f"{service.project}-manage")), "--config-file", str(conf)]
    if service.type == "compute":
        return [[*manage, "api_db", "sync"], [*manage, "db", "sync", "--local_cell"]]
    return [[*manage, *(["db_sync"] if service.type in ("identity", "image") else ["db", "sync"])]]


def _execute(service: Service, command: list[str]) -> None:
    done = subprocess.run(  # noqa: S603
        command, env=child(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise LabError(f"the database schema of {service.project} could not be made:\n{last}")
