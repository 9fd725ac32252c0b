"""The options of the `openstack` command for scopes (entry point group openstack.cli.extension)."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from openstackoid.client import hook
from openstackoid.client.composite import shell
from openstackoid.client.sources import (
    POLICIES,
    POLICY_VARIABLE,
    VARIABLE,
    from_variables,
    take_variables,
)
from openstackoid.scope import Scope, ScopeError, parse

API_NAME = "oid"
API_VERSION_OPTION = "os_oid_api_version"
DEFAULT_API_VERSION = "1"

OPTION = "--os-scope"
OLD_OPTION = "--scope"


def make_client(instance: Any) -> None:
    """Return no client: the scope is not an API of its own. osc-lib wants the function."""


def build_option_parser(parser: ArgumentParser) -> ArgumentParser:
    """Return the parser of the `openstack` command with --os-scope and --os-scope-policy."""
    parser.add_argument(
        OPTION,
        metavar="<scope>",
        dest="os_scope",  # openstacksdk makes it `scope`
        help=f"In which cloud to take each service (Env: {VARIABLE})",
    )
    parser.add_argument(
        "--os-scope-policy",
        metavar="<policy>",
        choices=POLICIES,
        help=f"What & needs: all clouds, or any (Env: {POLICY_VARIABLE})",
    )
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
        respelt = list(_respelt(sys.argv[1:] if args is None else args))
        options, rest = super().parse_known_args(respelt, namespace)
        variables = dict(self.variables)
        policy = variables.pop(POLICY_VARIABLE, None)
        if options.os_scope_policy is None and policy is not None:
            if policy not in POLICIES:
                self._refuse(f"{POLICY_VARIABLE}: {policy!r} is neither {' nor '.join(POLICIES)}")
            options.os_scope_policy = policy
        try:
            scope = _scope(options.os_scope, variables)
        except ScopeError as error:
            self._refuse(str(error))
        # A text in a list, for openstacksdk formats the texts of a configuration (braces!) and
        # renames the keys of its mappings, and `configuration show -f json` takes no objects.
        options.os_scope = None if scope is None else [scope.canonical]
        return options, rest

    def _refuse(self, message: str) -> NoReturn:
        """End the command; not by error(), whose 70 lines of usage say nothing of scopes."""
        self.exit(2, f"{self.prog}: error: {message}\n")


def _scope(option: str | None, variables: Mapping[str, str]) -> Scope | None:
    """Return the scope that is asked for; raises ScopeError that names where it is written."""
    if option is None:
        return from_variables(variables)
    try:
        return parse(option)
    except ScopeError as error:
        reason = f"argument {OPTION}: {error.reason}"
        raise ScopeError(reason, error.text, error.start, error.end) from error


def _respelt(args: Sequence[str]) -> Iterator[str]:
    """Yield the arguments with --os-scope for each --scope whose value can be a scope.

    Every scope has a brace or an equals sign; the values of the commands' own --scope have neither.
    """
    end = args.index("--") if "--" in args else len(args)
    for i, argument in enumerate(args):
        name, equals, value = argument.partition("=")
        value = value if equals else "".join(args[i + 1 : i + 2])
        if i < end and name == OLD_OPTION and _can_be_scope(value):
            yield OPTION + argument.removeprefix(OLD_OPTION)
        else:
            yield argument


def _can_be_scope(value: str) -> bool:
    return value.lstrip().startswith("{") or ("=" in value and not value.startswith("-"))
