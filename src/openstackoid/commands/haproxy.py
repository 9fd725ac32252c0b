"""`openstackoid haproxy`."""

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from pathlib import Path

import click

from openstackoid.commands.options import CLOUD, FEDERATION, loaded, served
from openstackoid.federation import Cloud
from openstackoid.haproxy import PlanError, Settings, plan, render
from openstackoid.haproxy.checking import MissingError, faults

_DEFAULTS = Settings.__dataclass_fields__


def _address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else str(ip_address(value))
    except ValueError as error:
        raise click.BadParameter(f"{error}; write one such as 192.0.2.1") from error


def _configured(command: Callable[[str, bool], None]) -> Callable[..., None]:
    """Give a command the options of a configuration, and the configuration itself."""

    @FEDERATION
    @CLOUD
    @click.option(
        "--fragment",
        is_flag=True,
        help="Frontends and backends alone, to be included in a configuration that there is.",
    )
    @click.option(
        "--bind",
        metavar="ADDRESS",
        callback=_address,
        help="Where HAProxy listens, if not at the hosts of the frontends; the ports stay.",
    )
    @click.option(
        "--certificate",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="For https frontends: PEM with the certificate, its chain and its key."
        "  [default: own.certificate, if the key is in it]",
    )
    @click.option(
        "--rate",
        type=click.IntRange(min=1),
        metavar="REQUESTS",
        help="How many requests per second one address may send on average, besides those that go"
        " to the gateway; more are answered 429.  [default: as many as it likes]",
    )
    @click.option(
        "--socket",
        type=click.Path(path_type=Path),
        default=_DEFAULTS["socket"].default,
        show_default=True,
        metavar="FILE",
        help="The socket by which a new process gets the listening ones of the old.",
    )
    @wraps(command)
    def run(
        file: Path,
        cloud: str,
        fragment: bool,
        bind: str | None,
        certificate: Path | None,
        rate: int | None,
        socket: Path,
    ) -> None:
        federation = loaded(file)
        described = served(federation, cloud, file)
        settings = Settings(fragment, rate, socket.absolute())
        path = certificate.absolute() if certificate else None
        if not described.own.proxies:
            click.echo(_untold(cloud, described), err=True)
        try:
            command(render(plan(federation, cloud, bind, path), settings), fragment)
        except (PlanError, MissingError) as error:
            raise click.ClickException(str(error)) from error

    return run


def _untold(name: str, cloud: Cloud) -> str:
    """Say what the gateway has to know of HAProxy."""
    example = "[ADDRESS]"
    if cloud.bind is not None and cloud.bind.is_loopback:
        example = '["127.0.0.1"]' if cloud.bind.version == 4 else '["::1"]'
    return (
        f"Warning: to the gateway, HAProxy is the client of all it hands over: clouds.{name}.own."
        f"proxies is missing. Write there which address HAProxy connects from: proxies: {example}"
    )


@click.group()
def haproxy() -> None:
    """Let HAProxy carry out by itself what needs no gateway."""


@haproxy.command(
    "render",
    epilog="""\b
The same federation file gives the same text, byte by byte.

\b
Examples:
  openstackoid haproxy render --federation f.yaml --cloud CloudOne > /etc/haproxy/haproxy.cfg
  openstackoid haproxy render --federation f.yaml --cloud CloudOne --fragment \\
      > /etc/kolla/haproxy/services.d/openstackoid.cfg
""",
)
@_configured
def render_(configuration: str, fragment: bool) -> None:  # noqa: ARG001
    """Print the configuration of an HAProxy in front of a cloud's gateway.

    HAProxy takes over the frontends, and the gateway listens behind it, at `bind` of the federation
    file. Requests that stay in the cloud go straight to their services; all others to the gateway,
    which believes HAProxy who their client is if `own.proxies` names the address that HAProxy
    connects from: 127.0.0.1, where the gateway listens at another address of 127.0.0.0/8.
    """
    click.echo(configuration, nl=False)


@haproxy.command(
    epilog="""\b
Example:
  openstackoid haproxy check --federation f.yaml --cloud CloudOne
"""
)
@_configured
def check(configuration: str, fragment: bool) -> None:
    """Let HAProxy check the configuration that `render` prints with the same options.

    Exits 1 with what HAProxy says, if it does not take it.
    """
    if said := faults(configuration, fragment=fragment):
        raise click.ClickException(f"haproxy does not take the configuration:\n{said}")
    click.echo("haproxy takes the configuration", err=True)
