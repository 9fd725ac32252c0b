"""Renders a plan as the text of an HAProxy configuration; the same plan gives the same text."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from openstackoid.haproxy import grammar, heads
from openstackoid.haproxy.plan import Plan, PlanError
from openstackoid.haproxy.quoting import QuotingError, double, word
from openstackoid.message import SAFE_METHODS
from openstackoid.routing import Refusal
from openstackoid.routing.scoping import ASSERTION
from openstackoid.scope import DELIMITER

GLOBAL = ("tune.bufsize 32768", "tune.maxrewrite 8192", "tune.http.maxhdr 128")
"""Lines that the section `global` needs: buffers for heads with scopes and a wallet."""

BURST = 10
"""Seconds over which the requests of an address are counted; the gateway counts alike."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of a configuration.

    - `fragment`: only frontends and backends, to be included in an existing configuration.
    - `rate`: requests per second of one address at most, None for no limit.
    - `socket`: where a whole configuration has its stats socket, which a reload needs.
    - `drop`: whether a whole configuration changes from root to the user haproxy.
    """

    fragment: bool = False
    rate: int | None = None
    socket: Path = Path("/run/haproxy/admin.sock")
    drop: bool = True


def render(plan: Plan, settings: Settings) -> str:
    """Return the text of the configuration; raises PlanError if it cannot hold a file's name."""
    environment = Environment(
        loader=PackageLoader("openstackoid.haproxy", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (no HTML; HAProxy's quotes are put by the filters)
    )
    environment.filters |= {"word": word, "double": double}
    values = {
        "plan": plan,
        "settings": settings,
        "grammar": grammar,
        "heads": heads,
        "readable": grammar.readable(plan.services, plan.clouds, plan.cloud),
        "safe": sorted(SAFE_METHODS),
        "burst": BURST,
        "needed": GLOBAL,
        "error": partial(_error, plan.cloud),
        "assertion": ASSERTION,
        "delimiter": DELIMITER,
    }
    name = "fragment.cfg.j2" if settings.fragment else "whole.cfg.j2"
    try:
        return environment.get_template(name).render(values)
    except QuotingError as error:
        raise PlanError(str(error)) from error


def _error(
    cloud: str, status: int, message: str, service: str = "", *, sent: bool | None = None
) -> str:
    """Return the body of an error, the same as the gateway's."""
    refusal = Refusal(HTTPStatus(status), message, cloud=cloud, service=service, sent=sent)
    return refusal.body.decode()
