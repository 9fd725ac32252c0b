"""What all kinds say of their services' APIs."""

import pytest

from openstackoid.replication.apis import api
from openstackoid.replication.apis.image import IMAGE
from openstackoid.replication.operation import Write


def test_a_value_is_written_in_one_way() -> None:
    """So equal values are equal texts, whoever has written them."""
    assert api.text({"b": 1, "a": "é"}) == api.text({"a": "é", "b": 1}) == '{"a":"é","b":1}'


def test_a_value_is_read_again() -> None:
    """None where there is none."""
    assert api.value({("ram", None): "512"}, "ram") == 512
    assert api.value({}, "ram") is None


@pytest.mark.parametrize(
    "document", [None, [], {"flavor": 1}, {"flavour": {}}, {"flavor": {"x": 1}}]
)
def test_a_body_that_is_none_of_the_kind_is_refused(document: object) -> None:
    """Also one with a key that nobody knows, which would be lost."""
    with pytest.raises(api.NotReplicatedError):
        api.resource_in(document, "flavor", {"name"})


@pytest.mark.parametrize("value", [None, "", "a\nb", "x" * 256, 1, "\x1b[2J"])
def test_a_line_is_short_and_printable(value: object) -> None:
    """Or no database of a service could hold it."""
    assert not api.is_line(value)
    with pytest.raises(api.NotReplicatedError):
        api.line(value, "the name")


@pytest.mark.parametrize("value", ["x", -1, 2**31, None, 1.5, [1]])
def test_a_number_is_one(value: object) -> None:
    """As services take it: as a number, or as its digits."""
    assert api.number("512", "ram") == api.number(512, "ram") == 512
    with pytest.raises(api.NotReplicatedError):
        api.number(value, "ram")


@pytest.mark.parametrize(
    "write",
    [
        Write("nothing", "1"),
        Write("name", '"x"', "key"),
        Write("tags", "true"),
        Write("tags", "true", "a\nb"),
        Write("name", None),
    ],
)
def test_a_write_has_the_form_of_its_field(write: Write) -> None:
    """A key where there are several, and else a value."""
    api.check_form(Write("tags", None, "x"), IMAGE.kind)
    with pytest.raises(ValueError, match=r"no|key"):
        api.check_form(write, IMAGE.kind)
