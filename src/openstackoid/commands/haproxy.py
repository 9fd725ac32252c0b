"""`openstackoid haproxy`: writes and checks the configuration of an HAProxy before a gateway."""

from collections.abc import Callable, Iterator
from functools import wraps
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import click

from openstackoid import files
from openstackoid.commands.options import CLOUD, FEDERATION, REQUESTS, loaded, served
from openstackoid.federation import Cloud
from openstackoid.haproxy import Plan, PlanError, Settings, plan, render
from openstackoid.haproxy.certificates import dns_names
from openstackoid.haproxy.checking import MissingError, faults, unseen_faults

_DEFAULTS = Settings.__dataclass_fields__
_STANDARD_OUTPUT = Path("-")


class _Configured(NamedTuple):
    """What a command makes of its options: the cloud, the plan, and the configuration's text."""

    cloud: Cloud
    plan: Plan
    settings: Settings
    text: str


def _address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else str(ip_address(value))
    except ValueError as error:
        raise click.BadParameter(f"{error}; write one such as 192.0.2.1") from error


def _configured(command: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command: add the options of a configuration, and pass it the configuration."""

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
        type=REQUESTS,
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
        **more: Any,
    ) -> None:
        federation = loaded(file)
        described = served(federation, cloud, file)
        settings = Settings(fragment, rate, socket.absolute())
        try:
            made = plan(federation, cloud, bind, certificate, _names(described))
            for warning in _warnings(cloud, described, made):
                click.echo(f"Warning: {warning}", err=True)
            command(_Configured(described, made, settings, render(made, settings)), **more)
        except (PlanError, MissingError) as error:
            raise click.ClickException(str(error)) from error

    return run


def _names(cloud: Cloud) -> frozenset[str]:
    """Return the DNS names in the certificate of a cloud's gateway, empty if it can't be read."""
    try:
        return dns_names(cloud.own.certificate) if cloud.own.certificate else frozenset()
    except (OSError, ValueError):
        return frozenset()


def _warnings(name: str, cloud: Cloud, plan: Plan) -> Iterator[str]:
    """Yield warnings about settings that work, but not as well as they could."""
    if not cloud.own.proxies:
        example = "[ADDRESS]"
        if cloud.bind is not None and cloud.bind.is_loopback:
            example = '["127.0.0.1"]' if cloud.bind.version == 4 else '["::1"]'
        yield (
            "to the gateway, HAProxy is the client of all it hands over: "
            f"clouds.{name}.own.proxies is missing. Write there which address HAProxy "
            f"connects from: proxies: {example}"
        )
    for url in plan.unverified:
        yield (
            f"requests for {url} are left to the gateway, as HAProxy verifies no IP address in a "
            "certificate; write this backend with a DNS name of its certificate"
        )


@click.group()
def haproxy() -> None:
    """Let HAProxy carry out by itself what needs no gateway."""


@haproxy.command(
    "render",
    epilog="""\b
The same files give the same text, byte by byte. A configuration that cannot be written, or that
HAProxy does not take, changes nothing at --out.

\b
Examples:
  openstackoid haproxy render --federation f.yaml --cloud CloudOne --out /etc/haproxy/haproxy.cfg
  openstackoid haproxy render --federation f.yaml --cloud CloudOne --fragment \\
      --out /etc/kolla/haproxy/services.d/openstackoid.cfg
""",
)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    default=_STANDARD_OUTPUT,
    help="Let HAProxy check the configuration, if it is installed, and then replace FILE by it, at"
    " once.  [default: print it]",
)
@_configured
def render_(configured: _Configured, out: Path) -> None:
    """Print or write the configuration of an HAProxy in front of a cloud's gateway.

    HAProxy takes over the frontends, and the gateway listens behind it, at `bind` of the federation
    file. Requests that stay in the cloud go straight to their services, all others to the gateway.
    The gateway learns from HAProxy who their client is if `own.proxies` has the address that
    HAProxy connects from: 127.0.0.1 if the gateway listens at another address of 127.0.0.0/8.
    """
    if out == _STANDARD_OUTPUT:
        click.echo(configured.text, nl=False)
        return
    written = "written"
    try:
        if said := faults(configured.text, fragment=configured.settings.fragment):
            raise click.ClickException(
                f"{out} stays as it is, for haproxy does not take the configuration:\n{said}"
            )
    except MissingError as error:
        written = f"written, and not checked: {error}"
    try:
        files.replace(out, configured.text)
    except OSError as error:
        raise click.ClickException(f"{out}: can't be written: {error.strerror}") from error
    click.echo(f"{out}: {written}", err=True)


@haproxy.command(
    epilog="""\b
Example:
  openstackoid haproxy check --federation f.yaml --cloud CloudOne
"""
)
@_configured
def check(configured: _Configured) -> None:
    """Let HAProxy check the configuration that `render` prints with the same options.

    Exits 1 with what HAProxy says, if it does not take it; or with what it would not say: that it
    does not accept the certificate of the gateway, or that http and https are at one address.
    """
    if found := list(unseen_faults(configured.plan, configured.cloud.own)):
        raise click.ClickException("\n".join(found))
    if said := faults(configured.text, fragment=configured.settings.fragment):
        raise click.ClickException(f"haproxy does not take the configuration:\n{said}")
    click.echo("haproxy takes the configuration", err=True)
