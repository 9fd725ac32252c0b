"""What another cloud says becomes no command of the user's shell.

`openstack server ssh` gives its shell an address of the server and the name of the user, as clouds
say them. `-f shell` prints what a script is to evaluate.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, wraps
from ipaddress import IPv6Address, ip_address
from typing import Any, cast

from cliff.columns import FormattableColumn
from cliff.command import Command
from cliff.formatters.shell import ShellFormatter
from keystoneauth1.exceptions import ClientException

from openstackoid.scope.errors import printable

_SPECIAL = re.compile(r"[\\$`]")
"""What a shell acts on within double quotes, besides the quote, which cliff itself escapes."""

_NO_NAME = re.compile(r"[^\w :.-]", re.ASCII)
_USER = re.compile(r"\w[\w.@+-]*", re.ASCII)


class ShellError(ClientException):
    """A command of the shell that was not run, for a cloud has said a part of it."""

    def __init__(self, said: object, kind: str, advice: str) -> None:
        super().__init__(
            f"ssh was not run: {printable(str(said))}, which a cloud has answered, is no {kind}, "
            f"and a shell could take it for a command; {advice}"
        )


def watch(command: Command) -> None:
    """Watch what a command, which is about to run with a scope, gives to a shell.

    This holds for whatever this program runs later, too.
    """
    _watch_formatter()
    if type(command).__name__ == "SshServer":
        _watch_ssh()


@cache  # once in a process
def _watch_formatter() -> None:
    emit = ShellFormatter.emit_one

    @wraps(emit)
    def quoted(
        self: ShellFormatter, column_names: Sequence[str], data: Sequence[Any], *rest: Any
    ) -> None:
        names = [_NO_NAME.sub("_", str(name)) for name in column_names]
        emit(self, names, tuple(_quoted(data)), *rest)

    cast("Any", ShellFormatter).emit_one = quoted


def _quoted(data: Sequence[Any]) -> Iterator[str]:
    """Yield values so that a shell reads what they say."""
    for value in data:
        plain = value.machine_readable() if isinstance(value, FormattableColumn) else value
        yield _SPECIAL.sub(r"\\\g<0>", str(plain))


@cache  # once in a process
def _watch_ssh() -> None:
    from openstackclient.compute.v2 import server

    module: Any = server
    find, run = module._get_ip_address, server.SshServer.take_action

    @wraps(find)
    def checked(*args: Any, **options: Any) -> str:
        found = find(*args, **options)
        if not _is_address(found):
            raise ShellError(found, "IP address", "tell the operator of that cloud")
        return str(found)

    @wraps(run)
    def named(self: Any, parsed_args: Any) -> Any:
        if not parsed_args.login and "-l" not in parsed_args.ssh_args:
            name = self.app.client_manager.auth_ref.username
            if not _USER.fullmatch(str(name)):
                raise ShellError(name, "name of a user", "give another one: -- -l NAME")
        return run(self, parsed_args)

    module._get_ip_address = checked
    server.SshServer.take_action = named  # type: ignore[method-assign]


def _is_address(value: object) -> bool:
    """Return whether a text is an IP address; one of a link (`%eth0`) is any text behind that."""
    try:
        address = ip_address(str(value))
    except ValueError:
        return False
    return not (isinstance(address, IPv6Address) and address.scope_id is not None)
