"""Another cloud gives as many bytes as it was asked for, or nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

import pytest

from openstackoid.gateway.forwarding import questions
from openstackoid.gateway.http import ConnectionClosedError
from openstackoid.gateway.replicas import sources as module
from openstackoid.gateway.replicas.messages import Part
from openstackoid.gateway.replicas.sources import NoPartError, Sources

PART = Part("image:One:p:k", "0" * 64, 10, 14)


class Given:
    """An answer that is played; None stands for a silence, an error for an end."""

    def __init__(self, status: int, *pieces: bytes | Exception | None) -> None:
        self.status = status
        self._pieces = pieces
        self.body = self._body()

    async def _body(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if piece is None:
                await asyncio.Event().wait()
            elif isinstance(piece, Exception):
                raise piece
            else:
                yield piece

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


async def asked(monkeypatch: pytest.MonkeyPatch, given: Given | None) -> bytes:
    """Ask for the part, and get this answer."""

    async def answers(*_: object) -> Any:
        return given

    monkeypatch.setattr(questions, "asked", answers)
    sources: Any = Sources(None, "Two", None, lambda _: True)  # type: ignore[arg-type]
    found: bytes = await sources.part("One", PART)
    return found


async def test_a_part_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they come."""
    assert await asked(monkeypatch, Given(200, b"ab", b"cd")) == b"abcd"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (None, "no gateway"),
        (Given(404, b"abcd"), "answers 404"),
        (Given(200, b"abc"), "less"),
        (Given(200, b"abc", b"de", None), "more"),
        (Given(200, b"abc", ConnectionClosedError()), "broken off"),
        (Given(200, b"abc", None), "within"),
    ],
)
async def test_anything_else_is_no_part(
    monkeypatch: pytest.MonkeyPatch, given: Given | None, why: str
) -> None:
    """Also what comes too slowly, or not at all."""
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    with pytest.raises(NoPartError, match=why):
        await asked(monkeypatch, given)
