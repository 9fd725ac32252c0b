"""What is taken out of one command's arguments, and what is left to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.client.options import taken_from
from openstackoid.scope import ScopeError

IMAGE_TWO = ['{"image":"CloudTwo"}']


@pytest.mark.parametrize(
    ("args", "scope", "policy", "rest"),
    [
        (["image list"], None, None, ""),
        (["image list", "--os-scope", "image=CloudTwo", "-f", "json"], IMAGE_TWO, None, "-f json"),
        (["image list", "--os-scope=image=CloudTwo", "x"], IMAGE_TWO, None, "x"),
        (["image list", "--scope", "glance=CloudTwo"], IMAGE_TWO, None, ""),
        (["image list", "--os-scope-policy", "any"], None, "any", ""),
        (["zone list", "--scope", "POOL"], None, None, "--scope POOL"),
        (["zone list", "--", "--os-scope", "image=A"], None, None, "-- --os-scope image=A"),
        (["zone list", "--os-sc", "image=A", "--s", "x"], None, None, "--os-sc image=A --s x"),
        (["x", "--os-scope", "image=CloudTwo", "--", "&"], IMAGE_TWO, None, "-- &"),
    ],
)
def test_both_options_are_taken_and_nothing_else(
    args: list[str], scope: list[str] | None, policy: str | None, rest: str
) -> None:
    """In their order, with what stands behind `--`, and shortened options of the command."""
    options, others = taken_from(args)
    assert (options.os_scope, options.os_scope_policy) == (scope, policy)
    assert others == [args[0], *rest.split()]


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters="-")), max_size=5))
def test_what_is_no_option_is_left_as_it_is(words: list[str]) -> None:
    """Empty words and spaces among them."""
    options, others = taken_from(words)
    assert (options.os_scope, options.os_scope_policy, others) == (None, None, words)


@pytest.mark.parametrize("word", ["&", "|", "+", "and", "or", "&CloudTwo", ",compute=A"])
def test_a_scope_that_goes_on_in_the_next_word_is_refused(word: str) -> None:
    """With both in the message."""
    for words in (["--os-scope", "image=A", word], ["--os-scope=image=A", word]):
        with pytest.raises(ScopeError, match="would be an argument of the command") as caught:
            taken_from(["server delete", "vm", *words])
        assert f"image=A {word}" in str(caught.value)
