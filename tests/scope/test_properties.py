"""What holds for every scope, and for every text that is none."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from scope.strategies import LIKE_SCOPES, SCOPES, spellings

from openstackoid.scope import DELIMITER, Scope, ScopeError, join, parse, split


@given(SCOPES)
def test_the_canonical_form_says_all_there_is(scope: Scope) -> None:
    """Reading a scope's canonical form gives the scope, and its canonical form again."""
    assert parse(scope.canonical) == scope
    assert parse(scope.canonical).canonical == scope.canonical
    assert scope.canonical.isascii()
    assert " " not in scope.canonical


@given(SCOPES)
def test_each_spelling_has_the_same_canonical_form(scope: Scope) -> None:
    """All three forms lead to one scope, and canonical(parse(x)) is a fixed point."""
    for text in spellings(scope):
        assert parse(text) == scope
        assert parse(parse(text).canonical).canonical == parse(text).canonical


@given(SCOPES, st.sampled_from(["Home", "a.b"]), st.sampled_from(["Home", "Other"]))
def test_a_scope_is_completed_once(scope: Scope, home: str, other: str) -> None:
    """Whoever completes a complete scope changes nothing; what was named stays."""
    complete = scope.completed(home)
    assert complete.completed(other) == complete
    assert set(scope.items) <= set(complete.items)
    assert parse(complete.canonical) == complete


@settings(max_examples=500)
@given(st.text() | LIKE_SCOPES | st.text(st.characters(max_codepoint=127)))
@example("{" * 5000)
@example('{"image":"' + "(" * 4000)
@example('"' + "\\" * 4000)
@example("nova=" + "A|" * 2000 + "A")
def test_no_text_raises_anything_but_scope_error(text: str) -> None:
    """Whatever is written is a scope with a canonical form, or a ScopeError that can be printed."""
    for clouds in (None, {"A", "Zürich"}):
        try:
            canonical = parse(text, clouds=clouds).canonical
        except ScopeError as error:
            assert str(error).replace("\n", "").isprintable()  # noqa: PT017
            assert error.start <= len(text)  # noqa: PT017
        else:
            assert parse(canonical).canonical == canonical


@given(
    st.text() | LIKE_SCOPES | st.lists(st.sampled_from(["x", " ", DELIMITER, "{}"])).map("".join)
)
def test_splitting_a_token_raises_nothing_but_scope_error(value: str) -> None:
    """A value without a suffix stays as it is; with one, its parts are all of it."""
    try:
        token, text = split(value)
    except ScopeError as error:
        assert error.text == ""  # noqa: PT017
        assert DELIMITER in value
    else:
        assert value == token if text is None else value == f"{token}{DELIMITER}{text}"


@given(st.from_regex(r"[A-Za-z0-9_=-]{0,40}", fullmatch=True), SCOPES)
def test_a_suffix_comes_off_as_it_was_put_on(token: str, scope: Scope) -> None:
    """No token and no scope can be mistaken for one another."""
    clean, text = split(join(token, scope))
    assert clean == token
    assert text is not None
    assert parse(text) == scope
