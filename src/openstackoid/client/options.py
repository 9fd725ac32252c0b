"""The options --os-scope and --os-scope-policy: how they are declared, and what is read of them."""

from argparse import SUPPRESS, Action, ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from openstackoid.client.sources import POLICIES, POLICY_VARIABLE, VARIABLE, from_variables
from openstackoid.scope import Scope, ScopeError, parse

OPTION = "--os-scope"
POLICY_OPTION = "--os-scope-policy"
OLD_OPTION = "--scope"


def declare(parser: ArgumentParser) -> None:
    """Add both options to the global ones of a program."""
    # openstacksdk makes `scope` of the destination os_scope.
    parser.add_argument(OPTION, metavar="<scope>", dest="os_scope", help=_SCOPE_HELP)
    parser.add_argument(
        POLICY_OPTION, metavar="<policy>", choices=POLICIES, help=_POLICY_HELP, dest=_POLICY
    )


def describe(parser: ArgumentParser) -> None:
    """Add both options to the help of one command, whose parser never gets to see them."""
    group = parser.add_argument_group("scope")
    for option, metavar, text in (
        (OPTION, "<scope>", _SCOPE_HELP),
        (POLICY_OPTION, "<policy>", _POLICY_HELP),
    ):
        group.add_argument(option, metavar=metavar, help=text, default=SUPPRESS, action=_Shortened)


def scope_of(option: str | None, variables: Mapping[str, str]) -> Scope | None:
    """Return the scope that is asked for; raises ScopeError that names where it is written."""
    if option is None:
        return from_variables(variables)
    try:
        return parse(option)
    except ScopeError as error:
        reason = f"argument {OPTION}: {error.reason}"
        raise ScopeError(reason, error.text, error.start, error.end) from error


def configured(scope: Scope | None) -> list[str] | None:
    """Return a scope as openstacksdk's configuration takes it.

    A text in a list, for openstacksdk formats the texts of a configuration (braces!) and renames
    the keys of its mappings, and `configuration show -f json` takes no objects.
    """
    return None if scope is None else [scope.canonical]


def respelt(args: Sequence[str]) -> Iterator[str]:
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


def taken_from(args: Sequence[str]) -> tuple[Namespace, list[str]]:
    """Return what the arguments of one command have of both options, and the rest.

    `os_scope` is as `configured`. Raises ScopeError, or ValueError for another mistake.
    """
    args = list(respelt(args))
    check_whole(args)
    parser = _OwnParser(add_help=False, allow_abbrev=False)
    declare(parser)
    options, rest = parser.parse_known_args(args)
    options.os_scope = configured(scope_of(options.os_scope, {}))
    return options, rest


def check_whole(args: Sequence[str]) -> None:
    """Raise ScopeError if a scope goes on in the next argument, which the command would take.

    `server delete vm --os-scope compute=CloudOne and CloudTwo` would delete three servers of
    CloudOne.
    """
    for i, argument in enumerate(args):
        if argument == "--":
            return
        name, equals, value = argument.partition("=")
        if name != OPTION:
            continue
        value, *rest = [value, *args[i + 1 :]] if equals else [*args[i + 1 :], ""]
        if rest and (rest[0] in {"and", "or"} or rest[0].startswith(("&", "|", "+", ","))):
            raise ScopeError(
                f'argument {OPTION}: "{rest[0]}" would be an argument of the command; write the '
                "scope as one word, or put all of it in quotes",
                f"{value} {rest[0]}",
                len(value) + 1,
                len(value) + 1 + len(rest[0]),
            )


def _can_be_scope(value: str) -> bool:
    return value.lstrip().startswith("{") or ("=" in value and not value.startswith("-"))


class _OwnParser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


class _Shortened(Action):
    """Refuses what only argparse takes for one of the options: they are taken out before."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,  # noqa: ARG002
        values: Any,  # noqa: ARG002
        option: str | None = None,
    ) -> None:
        parser.error(f"write {self.option_strings[0]} in full, not {option}")


_POLICY = "os_scope_policy"
_SCOPE_HELP = f"In which cloud to take each service (Env: {VARIABLE})"
_POLICY_HELP = f"What & needs: all, any, or eventual (Env: {POLICY_VARIABLE})"
