"""What is held of answers."""

from types import SimpleNamespace
from typing import cast

import pytest
from gateway.asking import many

from openstackoid.gateway.dispatch import memory_budget as held
from openstackoid.gateway.dispatch.memory_budget import Held, TooLongError
from openstackoid.gateway.http import Response


async def test_pieces_count_besides_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an answer that drips, each takes more memory than it has bytes."""
    text = b'"' + b"x" * 98 + b'"'
    monkeypatch.setattr(held, "MAX_HELD", 1000)
    with Held() as holding:
        document, _, let_go = await holding.read(_answer(text), None, foreign=False)
        assert document == "x" * 98
        let_go()
        with pytest.raises(TooLongError):
            await holding.read(
                _answer(*(text[n : n + 1] for n in range(len(text)))), None, foreign=False
            )


def _answer(*pieces: bytes) -> Response:
    return cast("Response", SimpleNamespace(body=many(*pieces)))
