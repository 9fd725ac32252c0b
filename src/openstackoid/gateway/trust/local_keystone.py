"""Looks up projects and endpoints in this cloud's Keystone, with the gateway's service account.

The account's file (`own.account`) is YAML: `username`, `password`, and `user_domain_name` unless it
is Default. The role `reader` on the system is enough. These credentials never leave the cloud.
"""

import asyncio
import json
import re
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import structlog
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from openstackoid.federation import Federation
from openstackoid.federation.model import PUBLIC
from openstackoid.gateway.forwarding.downstream import read_whole
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import HttpError
from openstackoid.identity import CatalogTooLongError
from openstackoid.identity.token_document import Distrust
from openstackoid.identity.trust import ById, ByName, Project
from openstackoid.message import JSON, Headers
from openstackoid.routing import Refusal, Route, destination_of
from openstackoid.scope import CloudRef
from openstackoid.services import IDENTITY

log = structlog.get_logger()

KEPT = 60.0
"""Seconds that projects and endpoints are cached."""

_RENEW_BEFORE = 60.0
"""Seconds before a token expires at which it is replaced."""

_MEMBERS = {
    "domain": ("id", "name"),
    "project": ("id", "name", "domain_id"),
    "service": ("id", "type"),
    "endpoint": ("id", "interface", "url"),
}
"""The members of a resource that are read, and that Keystone always gives as text."""

_TEMPLATE = re.compile(r"[%$]\((?:project|tenant)_id\)s")


class AccountError(Exception):
    """The service account cannot be used; the message says why, and what to do."""


class LocalKeystone:
    """A client of the Keystone of the cloud `here`; caches its valid answers for KEPT seconds."""

    def __init__(self, federation: Federation, here: str, upstream: Upstream) -> None:
        self._federation = federation
        self._here = here
        self._upstream = upstream
        self._token = ""
        self._expires_at = 0.0
        self._login = asyncio.Lock()
        self._known: dict[str, tuple[float, Any]] = {}

    @property
    def has_account(self) -> bool:
        """Whether there is an account to ask with."""
        return self._federation.clouds[self._here].own.account is not None

    async def project(self, which: ById | ByName) -> Project:
        """Return a project of this cloud by its id, or by its name and domain.

        Raises Distrust if there is none or it is disabled, and AccountError.
        """
        with self._reading():
            return await self._project(which)

    async def _project(self, which: ById | ByName) -> Project:
        domain: dict[str, Any] | None
        if isinstance(which, ById):
            found = await self._one(f"/v3/projects/{quote(which.id, safe='')}", "project")
            named = f"with the id {which.id}"
        else:
            named = f'called "{which.name}" in a domain "{which.domain}"'
            domain = await self._named("domains", which.domain, {})
            found = domain and await self._named(
                "projects", which.name, {"domain_id": str(domain["id"])}
            )
        if not found or not found.get("enabled") or found.get("is_domain"):
            raise Distrust(f"{self._here} has no project {named}, or it is disabled")
        domain = await self._one(f"/v3/domains/{quote(found['domain_id'], safe='')}", "domain")
        if not domain or not domain.get("enabled"):
            raise Distrust(f"the domain of the project {named} is disabled in {self._here}")
        return Project(found["id"], found["name"], domain["id"], domain["name"])

    async def catalog(self, project: Project) -> list[dict[str, Any]]:
        """Return the catalog that this cloud's Keystone would put into a token of the project.

        Raises AccountError.
        """
        with self._reading():
            return await self._catalog(project)

    async def _catalog(self, project: Project) -> list[dict[str, Any]]:
        services = await self._list("services")
        endpoints = await self._list("endpoints")
        catalog = []
        for service in (s for s in services if s.get("enabled", True)):
            its = [
                {
                    "id": e["id"],
                    "interface": e["interface"],
                    "region": e.get("region_id"),
                    "region_id": e.get("region_id"),
                    "url": url,
                }
                for e in endpoints
                if e.get("service_id") == service["id"]
                and e.get("enabled", True)
                and ")s" not in (url := _TEMPLATE.sub(lambda _: project.id, str(e["url"])))
            ]
            if its:
                catalog.append(
                    {
                        "id": service["id"],
                        "type": service["type"],
                        "name": service.get("name", ""),
                        "endpoints": its,
                    }
                )
        return catalog

    async def _one(self, path: str, key: str) -> dict[str, Any] | None:
        """Return the resource at a path, None if there is none."""
        document = await self._get(path, key)
        return None if document is None else dict(document[key])

    async def _named(self, kind: str, name: str, more: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the resource with exactly this name: a database may compare without case."""
        query = urlencode({"name": name, **more})
        document = await self._get(f"/v3/{kind}?{query}", kind)
        return next((dict(t) for t in (document or {}).get(kind, ()) if t["name"] == name), None)

    async def _list(self, kind: str) -> list[dict[str, Any]]:
        document = await self._get(f"/v3/{kind}", kind)
        return list((document or {}).get(kind, ()))

    async def _get(self, path: str, key: str) -> dict[str, Any] | None:
        """Return the document at a path, from the cache or Keystone; None after a 404.

        A missing resource or an empty list under `key` is not cached, nor is what Keystone would
        not say. Raises AccountError, and ValueError for the latter.
        """
        now = time.monotonic()
        until, known = self._known.get(path, (0.0, None))
        if until > now:
            return dict(known)
        status, document = await self.asked(path)
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status != HTTPStatus.OK:
            raise self._failed(
                f"Keystone answered {status} to GET {path.partition('?')[0]}; "
                "give its user the role reader on the system"
            )
        _check(document, key)
        if document[key]:
            self._known = {p: k for p, k in self._known.items() if k[0] > now}
            self._known[path] = now + KEPT, document
        return dict(document)

    async def asked(
        self, path: str, headers: Sequence[tuple[str, str]] = ()
    ) -> tuple[int, dict[str, Any]]:
        """Return the answer to a GET with the account's token: the status and the document.

        The document is empty for an error. Raises AccountError.
        """
        with self._reading():
            token = await self._valid_token()
            status, document, _ = await self._ask("GET", path, token, b"", headers)
            if status == HTTPStatus.UNAUTHORIZED:  # revoked before its time
                self._expires_at = 0.0
                token = await self._valid_token()
                status, document, _ = await self._ask("GET", path, token, b"", headers)
            return status, document

    async def answered(self, path: str, token: str) -> int:
        """Return the status of a GET with another token, about the account's; raises AccountError.

        The token of the account goes to this cloud's Keystone alone.
        """
        with self._reading():
            about = [("X-Subject-Token", await self._valid_token())]
            status = (await self._ask("GET", path, token, b"", about))[0]
            if status == HTTPStatus.NOT_FOUND:  # the account's was revoked before its time
                self._expires_at = 0.0
                about = [("X-Subject-Token", await self._valid_token())]
                status = (await self._ask("GET", path, token, b"", about))[0]
            return status

    async def _valid_token(self) -> str:
        """Return a token that is valid for at least another minute; log in if there is none."""
        async with self._login:
            if time.time() < self._expires_at - _RENEW_BEFORE:
                return self._token
            file = self._federation.clouds[self._here].own.account
            body = json.dumps(_authentication(read(file, self._here))).encode()
            status, document, token = await self._ask("POST", "/v3/auth/tokens", "", body)
            if status != HTTPStatus.CREATED:
                raise self._failed(f"Keystone answered {status} to the login of {file}")
            self._expires_at = datetime.fromisoformat(document["token"]["expires_at"]).timestamp()
            self._token = token
            return token

    async def _ask(
        self,
        method: str,
        path: str,
        token: str,
        body: bytes,
        more: Sequence[tuple[str, str]] = (),
    ) -> tuple[int, dict[str, Any], str]:
        route = Route(IDENTITY, PUBLIC, path, None, CloudRef(self._here), None)
        try:
            destination = destination_of(route, self._here, self._federation, self._here)
            headers = [("Host", destination.address.netloc), ("Accept", JSON), *more]
            if token:
                headers.append(("X-Auth-Token", token))
            if body:
                headers += [("Content-Type", JSON), ("Content-Length", str(len(body)))]
            sending = self._upstream.send(
                method, destination, route, Headers(headers), body or None
            )
            with await sending as answer:
                data = await read_whole(answer)
                document = json.loads(data) if answer.status < HTTPStatus.BAD_REQUEST else {}
                return answer.status, document, answer.headers.get("x-subject-token")
        except (Refusal, CatalogTooLongError) as error:
            raise self._failed(str(error)) from error
        except (HttpError, TimeoutError) as error:
            raise self._failed("the answer of Keystone broke off") from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Raise AccountError where an answer of Keystone is not what its API says."""
        try:
            yield
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise self._failed("Keystone gave an answer that is none of its own") from error

    def _failed(self, why: str) -> AccountError:
        return AccountError(f"the gateway of {self._here} cannot look up a project: {why}")


def _check(document: object, key: str) -> None:
    """Raise ValueError unless a document has a resource, or a list of them, under a key.

    `key` is the resource's kind, in the plural for a list.
    """
    kind = key.removesuffix("s")
    found = document.get(key) if isinstance(document, dict) else None
    resources = found if key != kind else [found]
    if not isinstance(resources, list) or not all(_is(kind, resource) for resource in resources):
        raise ValueError(f"no {key} of Keystone")


def _is(kind: str, resource: object) -> bool:
    if not isinstance(resource, dict):
        return False
    members = set(_MEMBERS[kind])
    if resource.get("is_domain"):  # a project that stands for a domain is in none
        members.discard("domain_id")
    return all(isinstance(resource.get(member), str) for member in members)


def account_refusal(error: AccountError, here: str, route: Route) -> Refusal:
    """Log why the service account fails, and return a refusal without the reason."""
    log.warning("service account cannot be used", gateway=here, error=str(error))
    message = (
        f"the gateway of {here} cannot ask its Keystone at present; the reason is in its log. "
        "Tell its operator"
    )
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return Refusal(status, message, cloud=here, service=route.service, sent=False)


def read(file: Path | None, here: str) -> dict[str, str]:
    """Read the file of a service account; raises AccountError."""
    if file is None:
        raise AccountError(
            f"clouds.{here}.own.account is missing in the federation file of {here}: a file with "
            "username and password of a reader on the system, by which projects are looked up"
        )
    try:
        if file.stat().st_mode & stat.S_IRWXO:
            raise AccountError(f"{file} can be read by everyone; make it yours: chmod 600 {file}")
        document = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise AccountError(f"{file} can't be read: {error.strerror}") from error
    except (YAMLError, ValueError):
        document = None  # the error's message would quote the file
    known = {"username", "password", "user_domain_name"}
    if (
        not isinstance(document, dict)
        or not {"username", "password"} <= document.keys() <= known
        or not all(isinstance(value, str) and value for value in document.values())
    ):
        raise AccountError(
            f"{file} must be YAML with username and password, and perhaps user_domain_name, as text"
        )
    return document


def _authentication(account: Mapping[str, str]) -> dict[str, Any]:
    user = {
        "name": account["username"],
        "password": account["password"],
        "domain": {"name": account.get("user_domain_name", "Default")},
    }
    identity = {"methods": ["password"], "password": {"user": user}}
    return {"auth": {"identity": identity, "scope": {"system": {"all": True}}}}
