"""Reports the processes and links of a lab, and the environment of `openstack` for a cloud."""

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openstackoid.lab import processes
from openstackoid.lab.cloud import LabCloud
from openstackoid.lab.lab import Lab
from openstackoid.lab.links import WHOLE
from openstackoid.lab.links.plan import plan
from openstackoid.lab.services import GATEWAY, HAPROXY, LINKS

_PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


@dataclass(frozen=True)
class Row:
    """A process of a cloud; `state` is up, starting or down, `address` is where it listens."""

    name: str
    service: str
    pid: int | None
    address: str
    state: str


def rows(cloud: LabCloud, clouds: Iterable[LabCloud]) -> Iterator[Row]:
    """Yield a row for each process of a cloud; `clouds` are all of its lab."""
    for process in cloud.processes:
        running = processes.find(cloud, process)
        if running is None:
            state = "down"
        else:
            state = "up" if processes.is_ready(cloud, process) else "starting"
        if process == LINKS:
            address = ", ".join(sorted({link.listen for link in plan(cloud, clouds, {})}))
        else:
            at = {GATEWAY: cloud.gateway, HAPROXY: cloud.address}.get(process)
            address = _front(cloud, at) if at else cloud.backends[process]
        yield Row(cloud.name, process, running.pid if running else None, address, state)


def links(lab: Lab) -> Iterator[dict[str, Any]]:
    """Yield from, to, state (up, cut, blackhole, down) and delay (seconds, one way) of each link.

    A link is down while the process for the links of the cloud it begins at does not run.
    """
    known, conditions = lab.clouds, lab.conditions
    for here in known:
        running = processes.find(here, LINKS)
        for there in known:
            if there != here:
                how = conditions.get(frozenset((here.name, there.name)), WHOLE)
                state = how.state.value if running else "down"
                yield {"from": here.name, "to": there.name, "state": state, "delay": how.delay}


def variables(lab: Lab, cloud: LabCloud, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to add to an environment so that `openstack` uses a cloud."""
    wanted = {"OS_CLIENT_CONFIG_FILE": str(lab.clouds_yaml), "OS_CLOUD": cloud.name}
    if any(environment.get(name) for name in _PROXIES):
        direct = dict.fromkeys([*environment.get("no_proxy", "").split(","), str(cloud.network)])
        wanted["no_proxy"] = ",".join(filter(None, direct))
    return wanted


def exports(lab: Lab, cloud: LabCloud, environment: Mapping[str, str] = os.environ) -> str:
    """Return lines for a shell to eval: set these variables and unset all other `OS_*`."""
    wanted = variables(lab, cloud, environment)
    others = sorted(n for n in environment if n.startswith("OS_") and n not in wanted)
    return "".join(
        [f"unset {name}\n" for name in others]
        + [f"export {name}={shlex.quote(value)}\n" for name, value in wanted.items()]
    )


def _front(cloud: LabCloud, address: str) -> str:
    ports = sorted(port for _, port in processes.addresses(cloud.frontends.values()))
    return f"http://{address}:{','.join(map(str, ports))}"
