"""What `openstackoid federation check` finds in a file, or of the clouds, as text or as JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from openstackoid.commands.table import Row, print_table
from openstackoid.federation.lacking import Lacking, lacking
from openstackoid.federation.model import Federation
from openstackoid.federation.risks import risks
from openstackoid.federation.signed import moved_signed_paths
from openstackoid.scope.errors import nearest, printable
from openstackoid.services import known_names, service_type


@dataclass(slots=True)
class Found:
    """Tables by name, each with its heading in the first row, warnings, and faults.

    `beginning` is the line before the faults.
    """

    tables: dict[str, list[Row]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    beginning: str = ""

    def end(self, form: str) -> None:
        """Print everything as `form` says, table or json, and end the command if there are faults.

        Data go to standard output, messages to standard error; JSON has both.
        """
        full = {name: table for name, table in self.tables.items() if len(table) > 1}
        if form == "json":
            told = {"warnings": self.warnings, "faults": self.faults}
            click.echo(json.dumps({**{n: _records(t) for n, t in full.items()}, **told}, indent=2))
            click.get_current_context().exit(1 if self.faults else 0)
        for number, table in enumerate(full.values()):
            if number:
                click.echo()
            print_table(table)
        for warning in self.warnings:
            click.echo(f"Warning: {warning}", err=True)
        if self.faults:
            raise click.ClickException("\n".join([*filter(None, [self.beginning]), *self.faults]))


def _records(table: list[Row]) -> list[dict[str, str]]:
    """Return the rows of a table by their headings: `user` for "User (project)"."""
    heading, *rows = table
    keys = [title.partition(" (")[0].lower().replace(" ", "_") for title in heading]
    return [dict(zip(keys, row, strict=True)) for row in rows]


def in_file(described: Federation, file: Path) -> Found:
    """Return what is in a federation file, and in the files that it names for its own gateway."""
    from openstackoid.commands import credentials
    from openstackoid.gateway import preflight

    own = sorted(described.served)
    faults = [fault for name in own for fault in preflight.faults(described, name, file)]
    if faults:
        return Found(faults=faults)
    certificates = [credentials.files(described.clouds[name]) for name in own]
    tables = {"endpoints": _endpoints(described), "keys": credentials.keys(described, own)}
    if certificates:
        heading = certificates[0][0]
        tables["certificates"] = [heading, *(row for one in certificates for row in one[1:])]
    warnings = [*credentials.warnings(described, own), *_warnings(described, own)]
    return Found(tables, warnings)


def of_clouds(described: Federation) -> Found:
    """Return what the clouds of a federation are like, and what is not as the file says."""
    try:
        from openstackoid.livecheck import check as check_live
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("openstackoid"):
            raise
        raise click.ClickException("--live needs: pip install '.[client]' in the clone") from error
    try:
        checked = check_live(described)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: can't be read: {error.strerror}") from error
    users = [tuple(map(printable, row)) for row in checked.users]  # they quote what clouds say
    return Found(
        {"clouds": checked.clouds, "users": users},
        faults=[printable(fault) for fault in checked.faults],
        beginning="not as the file says:",
    )


def _endpoints(described: Federation) -> list[Row]:
    rows: list[Row] = [("Cloud", "Service", "Interface", "Frontend", "Backend")]
    for name, cloud in described.clouds.items():
        for service, endpoints in cloud.frontends.items():
            shown = service if service_type(service) else f"{service} (not official)"
            for interface, url in endpoints.items():
                backend = cloud.backend(service, interface)
                rows.append((name, shown, interface, str(url), str(backend or "-")))
    return rows


def _warnings(described: Federation, own: list[str]) -> Iterator[str]:
    for name in own:
        yield from risks(described, name)
        yield from (_unreachable(name, lack) for lack in lacking(described, name))
    named = described.services.union(*(shared.services for shared in described.shared))
    for service in sorted(named):
        if not service_type(service) and (hint := nearest(service, known_names())):
            yield f'"{service}" is no official service{hint}'
    yield from moved_signed_paths(described)


def _unreachable(name: str, lack: Lacking) -> str:
    """Return a warning with the line to add for a service that only other clouds have."""
    some = ", ".join(lack.clouds[:3])
    more = f" and {len(lack.clouds) - 3} more" if len(lack.clouds) > 3 else ""
    return (
        f"{name} has no frontend for {lack.service} (of {some}{more}), so its users cannot reach "
        f"it there; add under clouds.{name}.frontends: {lack.service}: {lack.frontend}"
    )
