"""`openstackoid gateway`: runs the gateway of one cloud."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from openstackoid.commands.options import (
    CLOUD,
    FEDERATION,
    REQUESTS,
    SECONDS,
    loaded,
    number,
    served,
)
from openstackoid.gateway.processes.supervisor import StartError, supervise
from openstackoid.gateway.reporting import log
from openstackoid.gateway.settings import Settings, journal_of


def _seconds(name: str, meaning: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return an option in seconds, with the default of the field of Settings with its name."""
    return click.option(
        name,
        type=SECONDS,
        default=Settings.__dataclass_fields__[name.removeprefix("--").replace("-", "_")].default,
        show_default=True,
        metavar="SECONDS",
        help=meaning,
    )


@click.command(
    epilog="""\b
SIGHUP reads the file again, certificates and keys with it. SIGUSR2 lets new processes take over,
with the program as it is installed by then. Neither loses a request, and what is new and cannot be
used changes nothing: the log says why. SIGTERM and SIGINT let requests under way go on for the
--drain-timeout, cut what is left, and stop; a second one does not wait.

\b
The log is on standard error, a JSON object a line.

\b
Examples:
  openstackoid gateway --federation /etc/openstackoid/federation.yaml --cloud CloudOne
  openstackoid gateway --federation federation.yaml --cloud CloudOne --workers 4
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
    type=REQUESTS,
    default=Settings.__dataclass_fields__["rate"].default,
    show_default=True,
    metavar="REQUESTS",
    help="How many requests per second one address may send each worker on average; more are "
    "answered 429.",
)
@click.option(
    "--workers",
    type=number(int, "processes", 1, 1024),
    default=1,
    show_default=True,
    metavar="NUMBER",
    help="How many processes answer requests; one for each core is as many as make sense.",
)
def gateway(
    file: Path,
    cloud: str,
    connect_timeout: float,
    idle_timeout: float,
    drain_timeout: float,
    patience: float,
    rate: int,
    workers: int,
) -> None:
    """Run the gateway of one cloud: in front of its APIs, where scopes are interpreted.

    It listens at the cloud's frontends and passes requests on to its backends, or to the frontends
    of the cloud that a request's scope names.
    """
    federation = loaded(file)
    served(federation, cloud, file)
    log.configure()
    settings = Settings(file, cloud, connect_timeout, idle_timeout, drain_timeout, patience, rate)
    settings = replace(settings, journal=journal_of(federation, settings))
    try:
        beside = {name: _beside(name, settings) for name in ("journal", "replicas")}
        supervise(partial(_worker, settings), beside, workers, cloud)
    except StartError as error:
        raise click.ClickException(str(error)) from error


def _worker(settings: Settings, file: int) -> Sequence[str]:
    """Return the command line of a worker.

    It starts the installed program, which may be newer than the one in this process.
    """
    module = "openstackoid.gateway.processes.worker"
    return (sys.executable, "-P", "-m", module, str(file), settings.text)


def _beside(name: str, settings: Settings) -> Sequence[str]:
    """Return the command line of a process beside the workers."""
    return (sys.executable, "-P", "-m", f"openstackoid.gateway.processes.{name}", settings.text)
