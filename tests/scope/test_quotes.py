"""What is said of quotes that shells and editors leave, take or change."""

import pytest

from openstackoid.scope import ScopeError, parse

LEFT = "The shell has left the quotes around it; write it without any: image=CloudTwo"
TAKEN = (
    "If this was JSON, the shell has taken its quotes; put single ones around all of it: "
    """'{"compute": "CloudOne", "image": "CloudTwo"}'"""
)
BACKSLASHES = "Leave out the backslashes before quotes, or write it without any: image=CloudTwo"
DOUBLE = "Write double quotes, or none: {image: CloudTwo}"


def curly(quote: str) -> str:
    """Return what is said of a quote that is none here."""
    return f'{quote} is no quote here; write straight ones: {{"image": "CloudTwo"}}'


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        # cmd.exe knows no single quotes, and cuts at blanks
        ("""'{"image": "CloudTwo"}'""", LEFT),
        ("'{image: CloudTwo}'", LEFT),
        ("'{image:", LEFT),
        ("'image=CloudTwo'", LEFT),
        # a file of variables is no shell
        ('"image=CloudTwo"', LEFT),
        ('"{"image": "CloudTwo"}"', LEFT),
        (""" "compute=CloudOne & CloudTwo" """, LEFT),
        # editors and chats
        ("{\u201cimage\u201d: \u201cCloudTwo\u201d}", curly("\u201c")),
        ("\u2018{image: CloudTwo}\u2019", curly("\u2018")),
        ("{\u00abimage\u00bb: CloudTwo}", curly("\u00ab")),
        # escapes for another shell
        (r"""{\"image\": \"CloudTwo\"}""", BACKSLASHES),
        # Python
        ("{'image': 'CloudTwo'}", DOUBLE),
        ("image='CloudTwo'", DOUBLE),
        # a shell has cut JSON, or made several arguments of it
        ("{image:", TAKEN),
        ("compute:CloudOne", TAKEN),
    ],
)
def test_a_text_whose_quotes_are_wrong_is_shown_with_what_to_write(text: str, advice: str) -> None:
    """Below the carets, and as one more line."""
    with pytest.raises(ScopeError) as caught:
        parse(text)
    assert str(caught.value).split("\n")[3:] == [advice]


@pytest.mark.parametrize(
    "text", ["image", "image=A B", '{"image": "A" "B"}', '"image": "CloudTwo"', "imge=A", "{a: A}"]
)
def test_nothing_is_said_of_quotes_that_are_not_to_blame(text: str) -> None:
    """The reason and the place are enough."""
    with pytest.raises(ScopeError) as caught:
        parse(text)
    assert len(str(caught.value).split("\n")) == 3
