"""Asks the process that keeps the journal, for a command: what is in it, and what is settled."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

from openstackoid.journal import wire
from openstackoid.journal.intent import Intent, State

PATIENCE = 10.0
"""Seconds to wait for the process that keeps the journal."""


class NoKeeperError(Exception):
    """No process keeps the journal: the gateway does not run, or its journal cannot be used."""


async def connected(directory: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the process that keeps the journal in a directory; raises OSError."""
    with wire.socket_in(directory) as path:
        return await asyncio.open_unix_connection(path)


async def shown(directory: Path, *states: State) -> tuple[Intent, ...]:
    """Return the writes in some states, the oldest first, without tokens; raises NoKeeperError."""
    answers = await _asked(directory, wire.Show(states))
    return tuple(one for part in answers if isinstance(part, wire.Shown) for one in part.intents)


async def shown_to(directory: Path, owner: str) -> tuple[Intent, ...]:
    """Return what is unsettled of a user's writes, the last 500 of them; raises NoKeeperError."""
    (answer,) = await _asked(directory, wire.ShowTo(owner))
    return answer.intents if isinstance(answer, wire.Shown) else ()


async def counted(directory: Path) -> dict[str, int]:
    """Return how many writes are in each state; raises NoKeeperError."""
    (answer,) = await _asked(directory, wire.Count())
    return answer.numbers if isinstance(answer, wire.Counted) else {}


async def settle(directory: Path, identifiers: Sequence[str]) -> dict[str, str | None]:
    """Say that somebody has looked at some writes; return for each why not, or None.

    Raises NoKeeperError.
    """
    if not identifiers:
        return {}
    answers = await _asked(directory, *map(wire.Settle, identifiers))
    return {answer.id: answer.error for answer in answers if isinstance(answer, wire.Done)}


async def _asked(directory: Path, *messages: wire.Asked) -> list[wire.Answered]:
    """Send messages, and return their answers; one that comes in parts has more than one."""
    answers: list[wire.Answered] = []
    left = len(messages)
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await connected(directory)
            try:
                writer.write(wire.written(messages))
                async with aclosing(wire.answered(reader)) as received:
                    async for answer in received:
                        left -= not (isinstance(answer, wire.Shown) and answer.more)
                        answers.append(answer)
                        if not left:
                            return answers
                raise ConnectionResetError
            finally:
                writer.close()
    except OSError as error:  # also what has taken too long
        raise NoKeeperError(
            f"no process keeps the journal {directory}: start the gateway; if it runs, its log "
            "says where its journal is (name that in own.journal), or why it can't use it"
        ) from error
