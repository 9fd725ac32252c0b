"""Scopes of the environment and of clouds.yaml."""

import pytest

from openstackoid.client.sources import from_config, from_variables, take_variables
from openstackoid.scope import Scope, ScopeError


def test_variables_are_taken_out_of_the_environment() -> None:
    """All that begin so, the empty ones too; nothing else."""
    environment = {
        "OS_SCOPE": "{}",
        "OS_SCOPE_IMAGE": "A",
        "OS_SCOPE_NOVA": "",
        "OS_SCOPED": "mine",
        "OS_USERNAME": "alice",
    }
    assert take_variables(environment) == {"OS_SCOPE": "{}", "OS_SCOPE_IMAGE": "A"}
    assert environment == {"OS_SCOPED": "mine", "OS_USERNAME": "alice"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"OS_SCOPE": "{}"}, "{}"),
        ({"OS_SCOPE": "*=A"}, '{"*":"A"}'),
        ({"OS_SCOPE": "*=A", "OS_SCOPE_IMAGE": "B & C"}, '{"*":"A","image":"B&C"}'),
        ({"OS_SCOPE": "*=A+B", "OS_SCOPE_IMAGE": "B or C"}, '{"*":"A&B","image":"B|C"}'),
        ({"OS_SCOPE": "volume=A", "OS_SCOPE_CINDER": "B"}, '{"block-storage":"B"}'),
        ({"OS_SCOPE_OBJECT_STORE": "A"}, '{"object-store":"A"}'),
    ],
)
def test_a_services_variable_replaces_that_service_of_os_scope(
    variables: dict[str, str], expected: str | None
) -> None:
    """Whichever of its names either uses."""
    scope = from_variables(variables)
    assert (scope if scope is None else scope.canonical) == expected


@pytest.mark.parametrize(
    ("variables", "beginning"),
    [
        ({"OS_SCOPE": "image", "OS_SCOPE_IMAGE": "A"}, "OS_SCOPE: "),
        ({"OS_SCOPE": "image=A", "OS_SCOPE_IMAGE": "A="}, "OS_SCOPE_<SERVICE>: "),
    ],
)
def test_an_error_names_the_variable(variables: dict[str, str], beginning: str) -> None:
    """And keeps the place in its text."""
    with pytest.raises(ScopeError) as error:
        from_variables(variables)
    assert error.value.reason.startswith(beginning)
    assert "^" in str(error.value)


@pytest.mark.parametrize("nothing", [None, "", {}])
def test_nothing_in_the_configuration_is_the_empty_scope(nothing: object) -> None:
    """So that a template may leave the value out."""
    assert from_config(nothing) == Scope()


@pytest.mark.parametrize(
    "value",
    [{"nova": "A and B", "glance": "A or C"}, "nova=A+B,glance=A or C", "{nova: A&B, glance: A|C}"],
)
def test_operators_may_be_written_as_words(value: object) -> None:
    """As YAML and people have them."""
    assert from_config(value).canonical == '{"compute":"A&B","image":"A|C"}'


@pytest.mark.parametrize("value", [3, ["image"], {"image": ["A"]}, {3: "A"}, {"image": ""}, "A"])
def test_what_is_no_scope_is_refused(value: object) -> None:
    """YAML has more types than a scope."""
    with pytest.raises(ScopeError):
        from_config(value)
