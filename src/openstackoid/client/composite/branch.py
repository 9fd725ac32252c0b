"""One cloud's part: a copy of the command, with a client manager and a login of its own."""

import copy
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any, Protocol, TextIO, TypeAlias

from cliff.command import Command
from cliff.display import DisplayCommandBase
from cliff.lister import Lister
from cliff.show import ShowOne
from osc_lib.clientmanager import ClientCache, ClientManager
from osc_lib.exceptions import CommandError
from osc_lib.shell import OpenStackShell

from openstackoid.client.accounts import AccountError
from openstackoid.client.auth import Scoped
from openstackoid.client.composite.failure import status_of
from openstackoid.client.composite.history import History, found_nothing
from openstackoid.client.composite.streams import Console, speaking
from openstackoid.client.composite.whom import refused
from openstackoid.client.discovery import Reasons, told_once
from openstackoid.operators import rules
from openstackoid.scope import CloudRef, Scope
from openstackoid.scope.errors import printable_lines
from openstackoid.services import IDENTITY

Prepare: TypeAlias = Callable[[OpenStackShell, Command], None]


class Ask(Protocol):
    """How a login asks for a password."""

    def __call__(self, prompt: str | None = None) -> str:
        """Return the answer; without a prompt, to the usual question."""


@dataclass(eq=False)
class Branch:
    """A command in one cloud.

    After `run`, `result` is what it shows (or its exit code), `error` why there is none, and
    `status` that of an HTTP answer that it comes to, None if the cloud could say nothing. `undone`
    tells whether what it created was deleted again (None: not tried), `there` that the cloud has
    said that it was there, and `remains` what of it is left in the cloud, for people. `reasons` is
    what gateways said of version discoveries.
    """

    console: Console
    app: OpenStackShell
    command: Command
    prepare: Prepare
    result: Any = None
    error: BaseException | None = None
    status: int | None = HTTPStatus.OK
    history: History = field(init=False)
    reasons: Reasons = field(default_factory=Reasons)
    undone: bool | None = None
    there: bool = False
    remains: str = ""

    def __post_init__(self) -> None:
        self.history = History(self.cloud)

    @property
    def cloud(self) -> str:
        """The cloud's name."""
        return self.console.cloud

    @property
    def ok(self) -> bool:
        """Whether the command succeeded, which a command may also tell by its exit code."""
        return self.error is None and (self._displays or not self.result)

    @property
    def empty(self) -> bool:
        """Whether it is a list without rows, because a filter let none through."""
        return self.ok and self.lists and not self.result[1] and found_nothing(self.history.queries)

    @property
    def lists(self) -> bool:
        """Whether the command shows a list."""
        return isinstance(self.command, Lister)

    @property
    def acted(self) -> bool:
        """Whether something of it may be in effect in the cloud, now or later."""
        acted = self.console.wrote or any(write.may_have_acted for write in self.history.writes)
        return not rules.nothing_left(acted=acted, there=self.there, undone=self.undone)

    @property
    def _displays(self) -> bool:
        return isinstance(self.command, DisplayCommandBase)

    @property
    def message(self) -> str:
        """What failed, and what is left of it."""
        if self.ok:
            return printable_lines(self.remains)
        failure = str(self.error or "").strip() or (
            type(self.error).__name__ if self.error else f"exit code {self.result}"
        )
        silence = str(self.history.unreachable) if self.history.silent else ""
        told = (*self.reasons.untold(failure), silence, self._refused_as, self.remains)
        parts = (self.console.text, failure, *told)
        whole = "; ".join(part.strip().rstrip(".") for part in parts if part.strip())
        return printable_lines(whole)

    @property
    def _refused_as(self) -> str:
        """As whom it was refused, if it was, and nothing else says so."""
        auth = getattr(getattr(self.app.client_manager, "session", None), "auth", None)
        if isinstance(self.error, AccountError) or not isinstance(auth, Scoped):
            return ""
        if self.status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return ""
        return refused(
            self.cloud,
            auth.oid_accounts,
            getattr(auth, "auth_ref", None),
            self.app.cloud.config.get("auth") or {},
            logs_in_here=auth.oid_scope.resolve(IDENTITY) == CloudRef(self.cloud),
        )

    def leave_out(self, reason: str) -> None:
        """Do not run the command, for the cloud is known to be down; `error` has the reason."""
        self.error, self.status = CommandError(reason), None

    def run(self, arguments: Namespace, patience: float) -> None:
        """Log in and run the command; whatever goes wrong is in `error`.

        `patience` is how many seconds the cloud may leave what only reads without an answer.
        """
        self.history.patience = patience
        with speaking(self.console), told_once() as self.reasons:
            try:
                self.prepare(self.app, self.command)
                self.history.record(self.app.client_manager.session.session)
                self.result = self._consumed(self.command.take_action(_copied(arguments)))
            except (Exception, SystemExit) as error:  # noqa: BLE001 (reported with the cloud's name)
                self.error = error
        if not self.ok:
            self.status = status_of(self.error, self.console.errors, self.history.status)

    def _consumed(self, result: Any) -> Any:
        """Read what is shown within the branch: rows are often fetched only now."""
        if isinstance(self.command, ShowOne):
            columns, values = result
            return tuple(columns), list(values)
        if self._displays:
            columns, rows = result
            return tuple(columns), [tuple(row) for row in rows]
        return result or 0

    def close(self) -> list[Any]:
        """Close its connections; return how long its requests took (keystoneauth's timings)."""
        manager = self.app.client_manager
        if connection := getattr(manager, "sdk_connection", None):
            connection.close()
        session = getattr(manager, "session", None)
        if session is None:
            return []
        session.session.close()
        return list(session.get_timings())


def begin(
    app: OpenStackShell,
    command: Command,
    scope: Scope,
    console: Console,
    streams: tuple[TextIO, TextIO],
    ask: Ask,
    prepare: Prepare,
) -> Branch:
    """Return the branch of a command in the console's cloud, which the scope leads to."""
    own = copy.copy(app)
    own.stdout, own.stdin = streams
    own.options = copy.copy(app.options)
    own.options.os_scope = [scope.canonical]
    own.cloud_config = copy.deepcopy(app.cloud_config)
    own.cloud_config._pw_callback = ask
    own.client_manager = manager_class(type(app.client_manager))(
        cli_options=app.cloud, api_version=app.api_version, pw_func=ask
    )
    twin = copy.copy(command)
    for overridden in ("run", "take_action"):
        vars(twin).pop(overridden, None)
    twin.app, twin.app_args = own, own.options
    return Branch(console, own, twin, prepare)


def manager_class(plain: type[ClientManager]) -> type[ClientManager]:
    """Return a class of its own for one branch: osc-lib keeps clients on the class."""
    clients: dict[str, Any] = {}
    for name, cache in vars(ClientManager).items():
        if isinstance(cache, ClientCache):
            clients[name] = cached_property(cache.factory)
            clients[name].__set_name__(plain, name)
    return type(plain.__name__, (plain,), clients)


def _copied(value: Any) -> Any:
    """Copy arguments and the containers in them, which commands change; files are shared."""
    match value:
        case Namespace():
            return Namespace(**{k: _copied(v) for k, v in vars(value).items()})
        case dict():
            return {k: _copied(v) for k, v in value.items()}
        case list():
            return [_copied(v) for v in value]
    return value
