"""The options of the `openstack` command for scopes (entry point group openstack.cli.extension)."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any, NoReturn

from openstackoid.client import hook, shell
from openstackoid.client.options import check_whole, configured, declare, respelt, scope_of
from openstackoid.client.sources import POLICIES, POLICY_VARIABLE, take_variables
from openstackoid.scope import ScopeError

API_NAME = "oid"
API_VERSION_OPTION = "os_oid_api_version"
DEFAULT_API_VERSION = "1"


def make_client(instance: Any) -> None:
    """Return no client: the scope is not an API of its own. osc-lib wants the function."""


def build_option_parser(parser: ArgumentParser) -> ArgumentParser:
    """Return the parser of the `openstack` command with --os-scope and --os-scope-policy."""
    declare(parser)
    parser.set_defaults(vendor_hook=hook.NAME)
    shell.install()
    kind = type("ScopeParser", (_ScopeParser, type(parser)), {})
    scope_parser: _ScopeParser = kind(
        prog=parser.prog,
        description=parser.description,
        epilog=parser.epilog,
        formatter_class=parser.formatter_class,
        parents=[parser],
        add_help=False,
    )
    scope_parser.variables = take_variables(os.environ)
    return scope_parser


class _ScopeParser(ArgumentParser):
    """A parser that also knows what argparse has no words for: variables, and the old spelling.

    As an option of the parser, --scope would take the place of a command's own --scope (designate
    has one) and of whatever a command's user shortens to --s, --sc or --sco.
    """

    variables: dict[str, str]

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Namespace | None = None
    ) -> tuple[Namespace, list[str]]:
        given = list(respelt(sys.argv[1:] if args is None else args))
        try:
            check_whole(given)
        except ScopeError as error:
            self._refuse(str(error))
        options, rest = super().parse_known_args(given, namespace)
        variables = dict(self.variables)
        policy = variables.pop(POLICY_VARIABLE, None)
        if options.os_scope_policy is None and policy is not None:
            if policy not in POLICIES:
                self._refuse(f"{POLICY_VARIABLE}: {policy!r} is none of {', '.join(POLICIES)}")
            options.os_scope_policy = policy
        try:
            options.os_scope = configured(scope_of(options.os_scope, variables))
        except ScopeError as error:
            self._refuse(str(error))
        return options, rest

    def _refuse(self, message: str) -> NoReturn:
        """End the command; not by error(), whose 70 lines of usage say nothing of scopes."""
        self.exit(2, f"{self.prog}: error: {message}\n")
