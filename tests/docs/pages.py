"""Links and anchors of Markdown pages, as GitHub makes them."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_CASE = re.compile(r"`(…|[\w/]+\.(?:py|yaml))(?:::(\w+))?`")
_MENTION = re.compile(r"\bdocs/[\w./-]+\.md(?:#[\w-]+)?")


def links(text: str) -> Iterator[str]:
    """Yield the destinations of a page's links and images that lead to a file or a heading."""
    for token in _inline(_MARKDOWN.parse(text)):
        destination = token.attrGet("href") or token.attrGet("src")
        if isinstance(destination, str) and not _ELSEWHERE.match(destination):
            yield unquote(destination)


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings; a heading that comes again gets a number."""
    seen: Counter[str] = Counter()
    found = set()
    tokens = _MARKDOWN.parse(text)
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open":
            plain = "".join(t.content for t in content.children or () if t.content)
            anchor = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
            found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
            seen[anchor] += 1
    return found


def mentions(text: str) -> Iterator[str]:
    """Yield the pages, with their headings, that a text names by their path from the root."""
    yield from _MENTION.findall(text)


def cases(text: str) -> Iterator[tuple[str, str]]:
    """Yield each test that a text names, as its file and its function (empty for a whole file).

    `…::test_this` is in the file that was named before.
    """
    file = ""
    for named, function in _CASE.findall(text):
        file = file if named == "…" else named
        yield file, function


def faults(root: Path, file: Path, destinations: Iterator[str], base: Path) -> Iterator[str]:
    """Yield what is wrong with destinations in a file that are relative to `base`."""
    for destination in destinations:
        path, _, anchor = destination.partition("#")
        target = (base / path).resolve() if path else file
        name = f"{file.relative_to(root)}: {destination}"
        if not target.is_relative_to(root) or not target.exists():
            yield f"{name}: no such file"
        elif anchor and (target.suffix != ".md" or anchor not in anchors(target.read_text())):
            yield f"{name}: no such heading"


def _inline(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _inline(token.children or [])
