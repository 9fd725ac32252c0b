"""The options that commands share, how the federation file is read, and numbers."""

import math
from collections.abc import Callable
from pathlib import Path

import click

from openstackoid.federation.errors import FederationError
from openstackoid.federation.loader import load
from openstackoid.federation.model import Cloud, Federation
from openstackoid.scope.errors import nearest

FEDERATION = click.option(
    "--federation",
    "file",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar="OPENSTACKOID_FEDERATION",
    show_envvar=True,
    help="The federation file.",
)
CLOUD = click.option(
    "--cloud",
    required=True,
    metavar="NAME",
    envvar="OPENSTACKOID_CLOUD",
    show_envvar=True,
    help="The cloud whose gateway this is.",
)

FORMAT = click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to print it.",
)


def number(
    kind: type[int] | type[float], of: str, least: float, most: float
) -> Callable[[str], float]:
    """Return the type of an option that takes a number from `least` to `most`.

    Unlike click's FloatRange it refuses nan and infinity, and the message says what to write. `of`
    is what is counted.
    """

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise click.BadParameter(
                f"{text!r} is no number of {of} that makes sense; write one from {least:g} to "
                f"{most}"
            )
        return value

    return read


SECONDS = number(float, "seconds", 0.001, 86400)
REQUESTS = number(int, "requests per second", 1, 1_000_000)


def loaded(file: Path) -> Federation:
    """Return the federation in a file; ends the command with every fault if it has any."""
    try:
        return load(file)
    except FederationError as error:
        raise click.ClickException(str(error)) from error


def known(federation: Federation, name: str, file: Path) -> Cloud:
    """Return a cloud of a federation by name; ends the command if there is none."""
    if name not in federation.clouds:
        hint = nearest(name, federation.names)
        raise click.UsageError(f'{file} has no cloud "{name}"{hint}')
    return federation.clouds[name]


def served(federation: Federation, name: str, file: Path) -> Cloud:
    """Return the cloud that a federation file is for; ends the command if it has no backends."""
    cloud = known(federation, name, file)
    if not cloud.backends:
        raise click.ClickException(
            f"{file} has no backends for {name}: nobody else knows where the services listen. "
            f"Write them under clouds.{name}.backends in it, or: openstackoid federation import "
            f"--cloud {name} --into {file} ENDPOINTS --backend SERVICE=URL"
        )
    return cloud
