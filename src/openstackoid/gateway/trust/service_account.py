"""Asks this cloud's Keystone with the gateway's service account.

The account's file (`own.account`) is YAML: `username`, `password`, and `user_domain_name` unless it
is Default. The role `reader` on the system is enough. These credentials never leave the cloud.
"""

import asyncio
import json
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import structlog
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from openstackoid.federation import Federation
from openstackoid.federation.model import PUBLIC
from openstackoid.gateway.forwarding.downstream import read_whole
from openstackoid.gateway.forwarding.health import Health
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import HttpError
from openstackoid.gateway.trust.remembered import Remembered
from openstackoid.identity import CatalogTooLongError
from openstackoid.message import JSON, Headers
from openstackoid.routing import Refusal, Route, destination_of
from openstackoid.scope import CloudRef
from openstackoid.services import IDENTITY

log = structlog.get_logger()

PAUSE = 60.0
"""Seconds after which a password that Keystone has refused is tried again."""

ANSWER = 10.0
"""Seconds that Keystone has to answer; one that hangs must not hang what waits for it."""

_RENEW_BEFORE = 60.0
"""Seconds before a token expires at which it is replaced."""


_SILENT = f"Keystone has not answered for {ANSWER:.0f} s; see whether it hangs"


class AccountError(Exception):
    """The service account cannot be used; the message says why, and what to do."""


class ServiceAccount:
    """The gateway's own user in the Keystone of the cloud `here`, logged in when it is needed."""

    def __init__(
        self, federation: Federation, here: str, upstream: Upstream, health: Health
    ) -> None:
        self.here = here
        self._federation = federation
        self._file = federation.clouds[here].own.account
        self._upstream = upstream
        self._tokens: Remembered[Path | None, str] = Remembered(1)
        self._health = health
        self._refused: Remembered[frozenset[tuple[str, str]], HTTPStatus] = Remembered(1)

    @property
    def exists(self) -> bool:
        """Whether the federation file names an account to ask with."""
        return self._file is not None

    async def asked(self, path: str, headers: Sequence[tuple[str, str]] = ()) -> tuple[int, object]:
        """Return the answer to a GET with the account's token: the status and the document.

        The document is empty for an error. Raises AccountError.
        """
        token = await self._token()
        status, document, _ = await self._ask("GET", path, token, more=headers)
        if status == HTTPStatus.UNAUTHORIZED:  # revoked before its time
            self._tokens.forget(self._file, token)
            status, document, _ = await self._ask("GET", path, await self._token(), more=headers)
        return status, document

    async def answered(self, path: str, token: str) -> int:
        """Return the status of a GET with another token, about the account's; raises AccountError.

        The token of the account goes to this cloud's Keystone alone.
        """
        own = await self._token()
        status = (await self._ask("GET", path, token, more=[("X-Subject-Token", own)]))[0]
        if status == HTTPStatus.NOT_FOUND:  # the account's was revoked before its time
            self._tokens.forget(self._file, own)
            about = [("X-Subject-Token", await self._token())]
            status = (await self._ask("GET", path, token, more=about))[0]
        return status

    def failed(self, why: str) -> AccountError:
        """Return the error that the account has failed, for a reason that says what to do."""
        return AccountError(f"the gateway of {self.here} cannot ask its Keystone: {why}")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Raise AccountError where an answer of Keystone is not what its API says."""
        try:
            yield
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise self.failed("Keystone gave an answer that is none of its own") from error

    async def _token(self) -> str:
        """Return a token that is valid for at least another minute; log in if there is none."""
        return await self._tokens.get_or_ask(self._file, self._log_in)

    async def _log_in(self) -> tuple[str, float]:
        """Return a new token, and for how many seconds it can be used; raises AccountError."""
        account = read(self._file, self.here)
        login = frozenset(account.items())
        if (refused := self._refused.get(login)) is not None:
            raise self._failed_login(refused)
        body = json.dumps(_authentication(account)).encode()
        status, document, token = await self._ask("POST", "/v3/auth/tokens", "", body)
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            self._refused.put(login, HTTPStatus(status), PAUSE)
        if status != HTTPStatus.CREATED:
            raise self._failed_login(status)
        with self.reading():
            if not token:
                raise ValueError("no token")
            end = datetime.fromisoformat(document["token"]["expires_at"]).timestamp()
        return token, end - time.time() - _RENEW_BEFORE

    def _failed_login(self, status: int) -> AccountError:
        why = f"Keystone answered {int(status)} to the login of {self._file}"
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            why += (
                f"; it is asked again after {PAUSE:.0f} s, or as soon as the file has changed, "
                "since each attempt may lock the user"
            )
        return self.failed(why)

    async def _ask(
        self,
        method: str,
        path: str,
        token: str,
        body: bytes = b"",
        more: Sequence[tuple[str, str]] = (),
    ) -> tuple[int, Any, str]:
        """Return status, document and X-Subject-Token of an answer; raises AccountError."""
        if self._health.hanging(self.here, IDENTITY):
            raise self.failed(_SILENT)
        route = Route(IDENTITY, PUBLIC, path, None, CloudRef(self.here), None)
        limit = asyncio.timeout(ANSWER)
        try:
            destination = destination_of(route, self.here, self._federation, self.here)
            headers = [("Host", destination.address.netloc), ("Accept", JSON), *more]
            if token:
                headers.append(("X-Auth-Token", token))
            if body:
                headers += [("Content-Type", JSON), ("Content-Length", str(len(body)))]
            sending = self._upstream.send(
                method, destination, route, Headers(headers), body or None
            )
            async with limit:
                with await sending as answer:
                    data = await read_whole(answer)
        except (Refusal, CatalogTooLongError) as error:
            raise self.failed(str(error)) from error
        except (HttpError, TimeoutError) as error:
            if limit.expired():
                self._health.hangs(self.here, IDENTITY)
                raise self.failed(_SILENT) from error
            raise self.failed("the answer of Keystone broke off") from error
        with self.reading():
            document = json.loads(data) if answer.status < HTTPStatus.BAD_REQUEST else {}
        return answer.status, document, answer.headers.get("x-subject-token")


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
