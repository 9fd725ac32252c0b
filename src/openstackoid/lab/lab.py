"""The class Lab: starts, stops and changes the clouds of a lab, one process per service."""

import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event

import psutil

from openstackoid.identity import keys
from openstackoid.lab import (
    addresses,
    config,
    databases,
    files,
    links,
    logins,
    processes,
    schemas,
    state,
)
from openstackoid.lab.cloud import LabCloud
from openstackoid.lab.errors import LabError
from openstackoid.lab.links import condition
from openstackoid.lab.links.plan import Link, plan, text
from openstackoid.lab.progress import Report, Silence, phase
from openstackoid.lab.services import GATEWAY, HAPROXY, LINKS

DEFAULT_CLOUDS = ("CloudOne", "CloudTwo")
_PATIENCE = 300  # seconds a service has to come up
_LINK_PATIENCE = 30  # seconds the links have to reach their conditions
_HAPROXY = "127.0.0.1"  # the source address of its connections to any address of 127.0.0.0/8

_TRUST = {"projects": "same-name", "roles": {"member": "member", "reader": "reader"}}
"""How each cloud accepts the tokens of every other; the role admin is not mapped."""


@dataclass
class Lab:
    """The clouds in one directory; every method can be repeated at any time.

    Methods raise LabError, which says what to do next. Two labs can run at the same time if their
    networks differ.
    """

    directory: Path
    report: Report = field(default_factory=Silence)
    _given_up: Event = field(default_factory=Event, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.directory = state.check_directory(self.directory)

    @property
    def clouds(self) -> tuple[LabCloud, ...]:
        """The clouds of this lab, in the order in which they were added."""
        return state.load(self.directory).clouds

    def cloud(self, name: str) -> LabCloud:
        """Return a cloud by name."""
        return state.load(self.directory).cloud(name)

    @property
    def clouds_yaml(self) -> Path:
        """The file clouds.yaml: NAME is alice in the project demo, NAME-admin the administrator."""
        return self.directory / "clouds.yaml"

    def up(
        self,
        names: Sequence[str] = (),
        extra: Collection[str] = (),
        network: str | None = None,
        front: str | None = None,
    ) -> bool:
        """Start clouds and create their contents; return False if all were up already.

        Without names these are the clouds of the lab, or CloudOne and CloudTwo in a new lab.
        `extra` are optional services that these clouds have from now on, `front` is the process
        that listens at the frontends of all clouds of the lab from now on.
        """
        with self._locked():
            before = state.load(self.directory)
            known = self._grown(names, extra, network, front)
            wanted = [known.cloud(name) for name in dict.fromkeys(names)] or list(known.clouds)
            running = []
            if known.front != before.front:
                processes.find_lost(before.clouds)
                running = [cloud for cloud in before.clouds if any(_running(cloud))]
                wanted += [c for r in running if (c := known.cloud(r.name)) not in wanted]
            processes.find_lost(wanted)
            if not running and all(map(is_up, wanted)):
                return False
            if known.front == HAPROXY:
                processes.haproxy()  # before anything is ended
            processes.check_ports(wanted, known.clouds)
            processes.end((cloud, front) for cloud in running for front in cloud.fronts)
            state.save(self.directory, known)
            services = {s.type: s for c in wanted for s in c.services}.values()
            if schemas.missing(services):
                with phase(self.report, "", "database schemas, once"):
                    schemas.make(services)
            for cloud in wanted:
                self._prepare(cloud)
            self._write_logins()
            self._write_federations()
            self._start_all(wanted)
            self._tell_links()
            return True

    def down(self, names: Sequence[str] = (), wipe: bool = False) -> list[str]:
        """End all processes of clouds (of all, if none is named); return which clouds had any.

        `wipe` removes these clouds with all their files.
        """
        if not self.clouds and not names:
            return []
        with self._locked():
            known = state.load(self.directory)
            meant = [known.cloud(name) for name in names] if names else list(known.clouds)
            processes.find_lost(meant)
            running = {c.name: any(_running(c)) for c in meant}
            processes.end((c, p) for c in meant for p in c.processes)
            for cloud in meant:
                shutil.rmtree(cloud.run, ignore_errors=True)
            if wipe:
                self._forget(known, [cloud.name for cloud in meant])
                for cloud in meant:
                    shutil.rmtree(cloud.directory, ignore_errors=True)
                self._write_logins()
                self._write_federations()
                self._tell_links()
            return [name for name, found in running.items() if found]

    def restart(self, name: str, services: Sequence[str] = ()) -> None:
        """End processes of a running cloud (all, if none is named) and start them again.

        A process is named by its service type, or `gateway`.
        """
        with self._locked():
            cloud = self.cloud(name)
            for service in services:
                check_process(cloud, service)
            if not (cloud.seeded.exists() and any(_running(cloud))):
                raise LabError(f"{name} is not up; start it with", f"up {name}")
            processes.find_lost([cloud])
            meant = services or cloud.processes
            processes.check_ports([cloud], self.clouds)  # before anything is ended
            processes.end((cloud, one) for one in meant)
            for one in meant:
                processes.start(cloud, one)
            with phase(self.report, name, "services"):
                self._wait(cloud, meant)
                self._tell_links()

    @property
    def conditions(self) -> condition.Conditions:
        """The conditions of the links, by their two clouds, also while the clouds are down."""
        return condition.load(self.directory)

    def link(self, one: str, other: str, how: links.Condition = links.WHOLE) -> None:
        """Delay, cut, blackhole or heal the link between two clouds that are up.

        The change takes effect at once, in both directions, for existing connections, too, and
        holds until the next change.
        """
        with self._locked():
            known = state.load(self.directory)
            ends = [known.cloud(name) for name in (one, other)]
            if one == other:
                raise LabError(f"a link is between two clouds; name another one beside {one}")
            processes.find_lost(ends)
            for cloud in ends:
                if not processes.find(cloud, LINKS):
                    raise LabError(f"{cloud.name} is not up; start it with", f"up {cloud.name}")
            condition.save(self.directory, {**self.conditions, frozenset((one, other)): how})
            self._tell_links()

    @contextmanager
    def apart(self, cloud: str, others: Sequence[str], how: links.Condition) -> Iterator[None]:
        """Change the links of a cloud to others, and heal them at the end."""
        for other in others:
            self.link(cloud, other, how)
        try:
            yield
        finally:
            for other in others:
                self.link(cloud, other)

    def _locked(self) -> AbstractContextManager[None]:
        waiting = partial(
            phase, self.report, "", f"waiting for another command on {self.directory}"
        )
        return state.locked(self.directory, waiting)

    def _grown(
        self,
        names: Sequence[str],
        extra: Collection[str],
        network: str | None,
        front: str | None,
    ) -> state.State:
        known = state.load(self.directory)
        if network and (asked := addresses.network(network)) != known.network:
            if known.clouds:
                raise LabError(f"this lab is at {known.network}; choose another --dir for {asked}")
            known = state.State(asked, front=known.front)
        if front:
            known = known.behind(front)
        names = names or [c.name for c in known.clouds] or DEFAULT_CLOUDS
        for name in names:
            known = known.having(name, self.directory, extra)
        return known

    def _prepare(self, cloud: LabCloud) -> None:
        cloud.directory.mkdir(mode=0o700, exist_ok=True)
        databases.make_passwords(cloud)
        config.write(cloud)
        databases.make_keys(cloud)
        databases.make_databases(cloud, schemas.directory())

    def _write_logins(self) -> None:
        known = [logins.of(cloud) for cloud in self.clouds if cloud.passwords.exists()]
        merged = {name: entry for entries in known for name, entry in entries.items()}
        files.write_yaml(self.clouds_yaml, {"clouds": merged})

    def _write_federations(self) -> None:
        """Write the federation file of every gateway, and reload the gateways that run.

        Each cloud has frontends also for services that only other clouds have.
        """
        known = self.clouds
        offered = {s.type: s for c in known for s in c.services}.values()
        for own in known:
            if not (logins.has_gateway(own) and own.keys.exists()):
                continue  # it is not prepared yet, or was by an earlier version
            told = {c.name: _told(own, c) for c in known}
            private: dict[str, object] = {
                "account": own.account.name,
                "keys": own.keys.name,
                "allow": [str(addresses.LOOPBACK)],  # all clouds are on this machine
            }
            told[own.name] |= {
                "frontends": own.serving(offered),
                "backends": own.backends,
                "own": private,
            }
            if own.gateway != own.address:
                told[own.name]["bind"] = own.gateway
                private["proxies"] = [_HAPROXY]
            if trust := {other.name: _TRUST for other in known if other is not own}:
                told[own.name]["trust"] = trust
            files.write_yaml(own.account, logins.gateway(own))
            files.write_yaml(own.federation, {"clouds": told})
            if gateway := processes.find(own, GATEWAY):
                processes.reload(own, gateway)
            if own.front == HAPROXY:
                self._write_haproxy(own)

    def _write_haproxy(self, own: LabCloud) -> None:
        from openstackoid import haproxy  # takes a while
        from openstackoid.federation import load

        plan = haproxy.plan(load(own.federation), own.name)
        settings = haproxy.Settings(socket=own.run / "haproxy.sock", drop=False)
        changed = files.write(own.haproxy, haproxy.render(plan, settings))
        if changed and (master := processes.find(own, HAPROXY)):
            processes.reload_haproxy(own, master)

    def _forget(self, known: state.State, names: Collection[str]) -> None:
        state.save(self.directory, known.without(names))
        kept = {ends: how for ends, how in self.conditions.items() if ends.isdisjoint(names)}
        condition.save(self.directory, kept)

    def _tell_links(self) -> None:
        """Reload every links process, and wait until its links have the conditions in the files."""
        known, conditions = self.clouds, self.conditions
        late = time.monotonic() + _LINK_PATIENCE
        for cloud in known:
            wanted = plan(cloud, known, conditions)
            while process := processes.find(cloud, LINKS):
                if processes.follow_links(cloud, process, text(wanted)) and all(
                    _leads(link) for link, how in wanted.items() if how.state is condition.State.UP
                ):
                    break
                if time.monotonic() > late:
                    what = f"are not as they should be after {_LINK_PATIENCE} s"
                    raise LabError(_obituary(cloud, LINKS, what))
                time.sleep(0.02)

    def _start_all(self, clouds: Collection[LabCloud]) -> None:
        self._given_up.clear()
        with ThreadPoolExecutor(len(clouds)) as pool:
            starting = [pool.submit(self._start, cloud) for cloud in clouds]
            try:
                for one in as_completed(starting):
                    one.result()
            except BaseException:  # also Ctrl-C: the other clouds are not waited for then
                self._given_up.set()
                raise

    def _start(self, cloud: LabCloud) -> None:
        from openstackoid.lab import contents  # takes a while, and only `up` needs it

        complete = files.read_yaml(cloud.seeded).get("services") == list(_types(cloud))
        with phase(self.report, cloud.name, "services"):
            if not processes.find(cloud, "identity"):
                cloud.identity_ready.unlink(missing_ok=True)
            for process in cloud.processes:
                if not processes.find(cloud, process):
                    processes.start(cloud, process)
            if not complete:
                contents.bootstrap(cloud)
            self._wait(cloud, (*cloud.fronts, "identity"))
            if not complete:
                with contents.administrator(cloud) as admin:
                    contents.make_users(admin, cloud)
            cloud.identity_ready.touch()
            self._wait(cloud, cloud.processes)
        if not complete:
            with phase(self.report, cloud.name, "images, flavor, network"):
                with contents.administrator(cloud) as admin:
                    contents.make_things(admin, cloud)
                files.write_yaml(cloud.seeded, {"services": list(_types(cloud))})

    def _wait(self, cloud: LabCloud, names: Collection[str]) -> None:
        late = time.monotonic() + _PATIENCE
        waiting = list(names)
        while waiting:
            if self._given_up.is_set():
                raise LabError(f"{cloud.name} was not waited for")
            for process in waiting:
                if not processes.find(cloud, process):
                    raise LabError(_obituary(cloud, process, "ended when it was started"))
                if time.monotonic() > late:
                    raise LabError(_obituary(cloud, process, f"is not up after {_PATIENCE} s"))
            waiting = [p for p in waiting if not processes.is_ready(cloud, p)]
            if waiting:
                time.sleep(0.1)


def is_up(cloud: LabCloud) -> bool:
    """Return whether every process of a cloud serves requests, and its contents are complete."""
    return files.read_yaml(cloud.seeded).get("services") == list(_types(cloud)) and all(
        processes.find(cloud, p) and processes.is_ready(cloud, p) for p in cloud.processes
    )


def check_process(cloud: LabCloud, process: str) -> None:
    """Raise LabError unless a cloud has a process of this name."""
    if process not in cloud.processes:
        raise LabError(f"{cloud.name} has no {process}; it has {', '.join(cloud.processes)}")


def _leads(link: Link) -> bool:
    return processes.accepts((link.listen, link.port)) or not processes.accepts(
        (link.target, link.port)
    )


def _told(own: LabCloud, other: LabCloud) -> dict[str, object]:
    """Return the entry of a cloud in the federation file of the cloud `own`."""
    told: dict[str, object] = {"region": other.region, "frontends": other.frontends}
    if other.keys.exists():
        told["keys"] = keys.read(other.keys).public.model_dump()
    if other is not own:
        told["insecure"] = True  # http, within this machine
        told["connect"] = addresses.link(own.network, own.index, other.index)
    return told


def _types(cloud: LabCloud) -> Iterator[str]:
    yield GATEWAY
    yield from (service.type for service in cloud.services)


def _running(cloud: LabCloud) -> Iterator[psutil.Process]:
    return (found for p in cloud.processes if (found := processes.find(cloud, p)))


def _obituary(cloud: LabCloud, process: str, what: str) -> str:
    log = cloud.log(process)
    last = "\n".join(f"  {line}" for line in log.read_text(errors="replace").splitlines()[-15:])
    return f"{process} of {cloud.name} {what}; the end of {log}:\n{last}"
