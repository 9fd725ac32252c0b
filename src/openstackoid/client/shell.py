"""What the `openstack` command does besides, with a scope: for each command it runs, in its help.

cliff's hooks are the only way in: plugins are given neither the application nor its commands.
"""

import copy
import logging
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from cliff.command import Command
from osc_lib.shell import OpenStackShell, prompt_for_password

from openstackoid.client import options, saving, shells
from openstackoid.client.discovery import told_once
from openstackoid.client.printing import make_errors_printable
from openstackoid.client.sources import from_config
from openstackoid.scope import Scope, ScopeError

LOG = logging.getLogger(__name__)

_get_parser = Command.get_parser
_prepare = OpenStackShell.prepare_to_run_command
_run_subcommand = OpenStackShell.run_subcommand


def install() -> None:
    """Have the `openstack` command look for scopes where it runs commands and describes them."""
    Command.get_parser = get_parser  # type: ignore[method-assign]
    OpenStackShell.prepare_to_run_command = prepare_to_run_command  # type: ignore[method-assign]
    OpenStackShell.run_subcommand = run_subcommand  # type: ignore[method-assign]


def get_parser(self: Command, prog_name: str) -> ArgumentParser:
    """Return a command's parser, which `help` and `complete` describe, with our options in it."""
    parser = _get_parser(self, prog_name)
    if getattr(self, "auth_required", False):
        options.describe(parser)
    return parser


def run_subcommand(self: OpenStackShell, argv: list[str]) -> int:
    """Run one command; inside the interactive shell, with the scope that is said with it."""
    if not self.interactive_mode or not argv or argv[0].startswith("-"):
        return _run_subcommand(self, argv)
    try:
        given, rest = options.taken_from(argv)
    except (ScopeError, ValueError) as error:
        self.stderr.write(f"{argv[0]}: error: {error}\n{_IN_A_SHELL}\n")
        return 2
    said = {name: value for name, value in vars(given).items() if value is not None}
    return _run_subcommand(_with_options(self, said) if said else self, rest)


_IN_A_SHELL = (
    "Inside this shell, quotes do not keep blanks: write a scope as one word, "
    "image=CloudTwo,compute=CloudOne+CloudTwo, in quotes if there is | in it"
)


def prepare_to_run_command(self: OpenStackShell, cmd: Command) -> None:
    """Have the command run in several clouds if its service is taken there.

    In one cloud, what its gateway says of a failure is told once.
    """
    scope = _scope(self.cloud.config) if getattr(cmd, "auth_required", False) else Scope()
    if scope:
        make_errors_printable()
        saving.watch()
        shells.watch(cmd)
    if next(scope.composites(), None):
        from openstackoid.client.composite.run import in_several_clouds

        if in_several_clouds(self, cmd, scope, _prepare):
            return
    if scope:
        cmd.run = partial(_telling_once, cmd.run)  # type: ignore[method-assign]
    _prepare(self, cmd)


def _telling_once(run: Callable[[Namespace], int], arguments: Namespace) -> int:
    """Run a command, and log what gateways said unless its own error says so."""
    with told_once() as reasons:
        error = "interrupted"
        try:
            code = run(arguments)
            error = f"exit code {code}" if code else ""
        except Exception as raised:
            error = str(raised) or type(raised).__name__
            raise
        else:
            return code
        finally:
            for reason in reasons.untold(error):
                LOG.warning("%s", reason)


def _with_options(app: OpenStackShell, said: Mapping[str, Any]) -> OpenStackShell:
    """Return a copy of the application for one command, with a login and clients of its own."""
    from openstackoid.client.composite.branch import manager_class

    own = copy.copy(app)
    own.options = Namespace(**{**vars(app.options), **said})
    own.cloud = own.cloud_config.get_one(
        cloud=own.options.cloud, argparse=own.options, validate=False
    )
    own.client_manager = manager_class(type(app.client_manager))(
        cli_options=own.cloud, api_version=app.api_version, pw_func=prompt_for_password
    )
    return own


def _scope(config: Mapping[str, Any]) -> Scope:
    """Return the scope of a configuration; that one is wrong is left to the hook to tell."""
    asked = config.get("scope")
    auth = config.get("auth") or {}
    try:
        if isinstance(asked, list):
            return from_config(*asked)
        return from_config(auth.get("oid_scope") or config.get("oid_scope"))
    except ScopeError:
        return Scope()
