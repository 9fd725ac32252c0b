"""Makes an error of another cloud safe to print, and says in it whose it is.

Clients print what an error says as if it came from home: escapes would act on the terminal, a line
of its own would look like another message, and a cloud could speak in another one's name.
"""

import json
from collections.abc import Iterator
from typing import Any

from openstackoid.routing.link_editor import LinkEditor
from openstackoid.routing.value_editor import ValueEditor
from openstackoid.scope.errors import printable

MAX_ERROR = 16_384
"""Bytes of an error at most; the rest is cut off."""

MAX_VALUES = 500
"""Values of an error at most, as its signs tell; one with more is a text.

Each may be JSON within JSON, which takes a hundred times as long to edit as its bytes.
"""

_TOLD = ("faultstring", "explanation", "description", "detail", "title")
"""What services call the text of an error, besides `message`."""

_SIGNS = (b",", b"[", b"{")
"""One of these is before each value but the first."""

_TEXTS = ("message", *_TOLD)

_PRINTED = frozenset({"message", "faultstring"})
"""Of these, what clients print whatever type it has."""

_NESTED = ("{", "[", '"')
"""How a text begins that may be JSON: ironic before Stein encodes its errors twice."""


class ErrorEditor:
    """Edits the body of one error of a cloud, and hands it to the editor of its links.

    `markup`: a name before the text would spoil it, as it is XML.
    """

    strict = True
    """Whether the whole body must be edited before any of it is sent."""

    def __init__(self, cloud: str, then: LinkEditor | ValueEditor, *, markup: bool = False) -> None:
        self._cloud = cloud
        self._then = then
        self._markup = markup
        self._body = bytearray()

    @property
    def full(self) -> bool:
        """Whether nothing more of the body counts."""
        return len(self._body) > MAX_ERROR

    def feed(self, data: bytes) -> bytes:
        """Add a piece of the body. Nothing is returned here."""
        self._body += data[: MAX_ERROR + 1 - len(self._body)]
        return b""

    def rest(self) -> Iterator[bytes]:
        """Yield the whole body, edited."""
        if self._body:
            yield self._then.feed(self._edited(bytes(self._body)).encode())
            yield from self._then.rest()

    def _edited(self, body: bytes) -> str:
        text = body[:MAX_ERROR].decode(errors="replace")
        try:
            if sum(map(body.count, _SIGNS)) > MAX_VALUES:
                raise ValueError
            told = self._told(json.loads(text))
            return json.dumps(self._named(told) if isinstance(told, str) else told, allow_nan=False)
        except (ValueError, RecursionError):
            cut = "…" if len(body) > MAX_ERROR else ""
            is_markup = self._markup and text.lstrip().startswith("<")
            name = "" if is_markup else f"{self._cloud}: "
            return f"{name}{printable(text)}{cut}"

    def _told(self, document: Any) -> Any:
        """Return a document that is safe to print; each text of an error in it names the cloud."""
        match document:
            case str():
                return self._text(document)
            case list():
                return [self._told(item) for item in document]
            case dict():
                told = {printable(key): self._told(value) for key, value in document.items()}
                for key in ("message",) if told.get("message") else _TOLD:
                    text = told.get(key)
                    if text and key in _PRINTED and isinstance(text, list | dict):
                        text = json.dumps(text, allow_nan=False)
                    if text and isinstance(text, str):
                        told[key] = self._named(text)
                if isinstance(error := told.get("error"), dict) and "cloud" in error:
                    error["cloud"] = self._cloud  # what a gateway says of itself
                return told
        return document

    def _named(self, text: str) -> str:
        """Return a text behind the cloud's name, unless it is JSON that has it within."""
        named = f"{self._cloud}: "
        try:
            nested = json.loads(text) if text.startswith("{") else None
        except (ValueError, RecursionError):
            nested = None
        if isinstance(nested, dict) and any(
            isinstance(nested.get(key), str) and nested[key].startswith(named) for key in _TEXTS
        ):
            return text
        return named + text

    def _text(self, text: str) -> str:
        if text.lstrip().startswith(_NESTED):
            try:
                return json.dumps(self._told(json.loads(text)))
            except (ValueError, RecursionError):
                pass
        return printable(text)
