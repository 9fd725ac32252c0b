"""Where a client finds its scope besides the command line: the environment and clouds.yaml."""

from collections.abc import Mapping, MutableMapping

from openstackoid.operators.rules import EVENTUAL, Policy
from openstackoid.scope import Scope, ScopeError, parse, parse_mapping

VARIABLE = "OS_SCOPE"
POLICY_VARIABLE = "OS_SCOPE_POLICY"

POLICIES = (*(policy.value for policy in Policy), EVENTUAL)
"""What `&` needs: every cloud, whichever can be reached, or each of them some time."""


def from_config(value: object) -> Scope:
    """Return the scope of a value of clouds.yaml: a mapping, or text in any of the three forms.

    Nothing at all is the empty scope. Raises ScopeError.
    """
    if value is None or value == "":
        return Scope()
    if isinstance(value, str):
        return parse(value)
    if isinstance(value, Mapping):
        return parse_mapping(value)
    raise ScopeError(f"a scope is a mapping or a text, not {type(value).__name__}")


def take_variables(environment: MutableMapping[str, str]) -> dict[str, str]:
    """Remove OS_SCOPE and all OS_SCOPE_* from the environment and return those not empty.

    Removed, because openstacksdk takes each OS_* variable for a key of the cloud's configuration:
    the braces of JSON end in a KeyError of its `.format()`, and a single variable in a "cloud"
    that is preferred to the one of clouds.yaml.
    """
    names = [n for n in environment if n == VARIABLE or n.startswith(f"{VARIABLE}_")]
    return {name: value for name in names if (value := environment.pop(name))}


def from_variables(variables: Mapping[str, str]) -> Scope | None:
    """Return OS_SCOPE with single services replaced by OS_SCOPE_<SERVICE>, None without any.

    Raises ScopeError that names the variable.
    """
    if not variables:
        return None
    services = {
        name.removeprefix(f"{VARIABLE}_").lower(): value
        for name, value in variables.items()
        if name != VARIABLE
    }
    scope = Scope()
    try:
        name = VARIABLE
        if VARIABLE in variables:
            scope = parse(variables[VARIABLE])
        name = f"{VARIABLE}_<SERVICE>"
        if services:
            for service, expression in parse_mapping(services).items:
                scope = scope.having(service, expression)
    except ScopeError as error:
        raise ScopeError(f"{name}: {error.reason}", error.text, error.start, error.end) from error
    return scope
