"""Text as one word of a configuration."""

import re
import shlex
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openstackoid.haproxy.quoting import QuotingError, double, word

TEXT = st.text(st.characters(exclude_categories=["Cc"]) | st.sampled_from("'\"\\$# {}`%"))


def read(quoted: str) -> str:
    """Return the text of a word, as HAProxy's manual (2.2) says that it is read."""
    if quoted.startswith("'"):  # nothing is special but the next single quote
        assert quoted.index("'", 1) == len(quoted) - 1
        return quoted[1:-1]
    inner = re.fullmatch(r'"((?:[^"\\$]|\\["\\$])*)"', quoted)
    assert inner
    return re.sub(r"\\(.)", r"\1", inner[1])


@given(TEXT)
@example("it's $HOME")
@example("'\\")
@example("\\'\"$")
@example("")
def test_a_text_is_read_as_it_was(text: str) -> None:
    """No variable in it is filled in, nothing ends the word or begins a comment."""
    assert read(word(text)) == text
    assert read(double(text)) == text


@given(TEXT)
def test_in_double_quotes_arguments_can_be_quoted(text: str) -> None:
    """The single quotes in it stay for whoever reads the word itself."""
    assert double(text).startswith('"')
    assert double(text).count("'") == text.count("'")


@pytest.mark.parametrize("quote", [word, double])
@pytest.mark.parametrize("control", [*map(chr, range(32)), "\x7f"])
def test_a_control_character_is_refused_and_shown_escaped(
    quote: Callable[[object], str], control: str
) -> None:
    """It would end the line; the message does not, and says what to do."""
    with pytest.raises(QuotingError, match="give the file another name") as caught:
        quote(f"a{control}b")
    assert str(caught.value).isprintable()


def test_what_is_no_text_is_written_as_it_is_shown() -> None:
    """A number, for instance."""
    assert word(5) == "'5'"
    assert double(5) == '"5"'


@given(st.text(st.characters(exclude_characters="$")))
def test_a_quoted_text_is_one_word(text: str) -> None:
    """HAProxy quotes as shells do, but for `$`, of which shlex knows nothing."""
    try:
        assert shlex.split(word(text)) == [text]
    except QuotingError:
        assert any(ord(c) < 32 or ord(c) == 127 for c in text)
