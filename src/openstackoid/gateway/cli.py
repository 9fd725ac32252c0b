"""`openstackoid gateway`."""

from collections.abc import Callable
from pathlib import Path

import click

from openstackoid.federation.cli import CLOUD, FEDERATION, known, loaded
from openstackoid.gateway.log import configure
from openstackoid.gateway.peers import PeersError
from openstackoid.gateway.server import ListenError, Settings, serve


def _seconds(name: str, meaning: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option for one of the gateway's times, with the default that Settings has."""
    return click.option(
        name,
        type=click.FloatRange(min=0, min_open=True),
        default=Settings.__dataclass_fields__[name.removeprefix("--").replace("-", "_")].default,
        show_default=True,
        metavar="SECONDS",
        help=meaning,
    )


@click.command(
    epilog="""\b
SIGHUP reads the file again, SIGTERM lets the requests under way come to their end and stops.
The log is on standard error, a JSON object a line.

\b
Example:
  openstackoid gateway --federation /etc/openstackoid/federation.yaml --cloud CloudOne
"""
)
@FEDERATION
@CLOUD
@_seconds(
    "--connect-timeout", "How long another cloud or a backend may take to accept a connection."
)
@_seconds("--idle-timeout", "How long either side may send nothing within a request.")
@_seconds("--drain-timeout", "How long requests may go on after SIGTERM.")
@_seconds(
    "--patience",
    "How long reading from several clouds may take; who is later is reported as missing.",
)
@click.option(
    "--rate",
    type=click.IntRange(min=1),
    default=Settings.__dataclass_fields__["rate"].default,
    show_default=True,
    metavar="REQUESTS",
    help="How many requests per second one address may send on average; more are answered 429.",
)
def gateway(
    file: Path,
    cloud: str,
    connect_timeout: float,
    idle_timeout: float,
    drain_timeout: float,
    patience: float,
    rate: int,
) -> None:
    """Run the gateway of one cloud: in front of its APIs, where scopes are interpreted.

    It listens at the cloud's frontends and passes requests on to its backends, or to the frontends
    of the cloud that a request's scope names.
    """
    description = known(loaded(file), cloud, file)
    if not description.backends:
        raise click.ClickException(
            f"{file} has no backends for {cloud}, and its gateway has to know where the services "
            f"listen; add them with: openstackoid federation import --backend SERVICE=URL"
        )
    configure()
    try:
        serve(Settings(file, cloud, connect_timeout, idle_timeout, drain_timeout, patience, rate))
    except (ListenError, PeersError) as error:
        raise click.ClickException(str(error)) from error
