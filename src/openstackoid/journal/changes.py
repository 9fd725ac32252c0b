"""What a message makes of an intent, and what is still to be done about one."""

from typing import TypeAlias

from msgspec.structs import replace

from openstackoid.journal import wire
from openstackoid.journal.intent import Intent, State
from openstackoid.journal.wire import Asked

Change: TypeAlias = wire.Note | wire.End | wire.Settle


def can_wait(message: Asked | None) -> bool:
    """Return whether nobody waits until a message is written down."""
    return isinstance(message, wire.Note) and not message.answered


def is_unfinished(intent: Intent) -> bool:
    """Return whether a gateway has still to see to an intent."""
    return intent.state is State.OPEN or intent.look_at is not None


def is_due(intent: Intent, now: float) -> bool:
    """Return whether somebody has to see to an intent that nobody is at."""
    if intent.state is State.OPEN:
        return True
    return intent.look_at is not None and intent.look_at <= now


def changed(intent: Intent, message: Change) -> Intent:
    """Return an intent after a message about it.

    Its token is kept only as long as somebody may need it.
    """
    match message:
        case wire.Note(part=part):
            return intent.having(part)
        case wire.End():
            return replace(
                intent.having(*message.parts),
                state=message.state,
                look_at=message.look_at,
                landed=message.landed,
                owner=message.owner or intent.owner,
                sent=b"" if message.look_at is None else intent.sent,
            )
        case _:
            return replace(intent, state=State.SETTLED, look_at=None, sent=b"")
