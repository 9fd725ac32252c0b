"""Brings to its end a write to several clouds whose worker has ended, or looks at it again.

What has an id is removed where the write did not succeed as a whole. What may have been created
under an id that nobody knows is looked for by its name, and only named.
"""

import asyncio
import re
import time
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import quote, urlencode

import structlog
from msgspec import DecodeError
from msgspec.structs import replace

from openstackoid.gateway.dispatch.branches import Branches
from openstackoid.gateway.dispatch.memory_budget import MemoryBudget
from openstackoid.gateway.dispatch.site import Site
from openstackoid.gateway.dispatch.state import State as Remembered
from openstackoid.gateway.dispatch.unattended import owner, revived
from openstackoid.gateway.reporting import audit
from openstackoid.gateway.reporting.access_record import current
from openstackoid.gateway.reporting.log import fault_of
from openstackoid.journal import aftermath
from openstackoid.journal.intent import Intent, Part, State
from openstackoid.journal.link import Link, NotWrittenError
from openstackoid.operators.listing import listing
from openstackoid.operators.request import NoAnswerError, Request
from openstackoid.operators.runs import decoded
from openstackoid.operators.shapes import identifier, resource
from openstackoid.routing import Refusal

PATIENCE = 30.0
"""Seconds that a cloud has to answer while a write is brought to its end."""

_PLAIN = re.compile(r"[\w .-]+")
"""A name that no service takes for a pattern."""

MAX_FOUND = 10
"""Ids that are named of what may have been created in one cloud."""

log = structlog.get_logger()


async def take_over(intent: Intent, site: Site, state: Remembered, journal: Link) -> None:
    """Bring one write to its end, and write down what became of it; it never raises."""
    now, settle = time.time(), site.ours.own.settle
    landed = intent.landed or now
    failed, whose = intent.every, intent.owner
    try:
        failed = aftermath.has_failed(intent)
        parts, again, whose = await _brought(intent, site, state, failed=failed)
    except Exception as error:  # noqa: BLE001  (nobody else would see to it)
        log.error("a write can't be undone", write=intent.id, error=fault_of(error))  # noqa: TRY400
        parts, again = intent.parts, False
    ended = aftermath.state_after(parts, failed=failed)
    look_at = None
    if again and ended is State.UNSETTLED:
        look_at = aftermath.look_again(parts, intent.name, landed, now, settle)
    log.info(
        "write brought to its end",
        write=intent.id,
        request_id=intent.request_id,
        state=ended.value,
        clouds={part.cloud: aftermath.told(part) for part in parts},
    )
    with suppress(NotWrittenError):  # it is written as soon as it can be
        await journal.end(intent.id, ended, parts, landed, look_at, whose)


async def _brought(
    intent: Intent, site: Site, state: Remembered, *, failed: bool
) -> tuple[tuple[Part, ...], bool, str | None]:
    """Return what is left of a write in each cloud, whether to try some of it again, and whose."""
    left = aftermath.to_see_to(intent, failed=failed)
    if not left:
        return intent.parts, False, intent.owner
    try:
        context = revived(intent.sent, intent.request_id, site, state)
    except (Refusal, DecodeError) as error:
        why = str(error) if isinstance(error, Refusal) else "it was changed"
        log.warning("a write can't be undone", write=intent.id, error=why)
        stays = [replace(part, undone=False if part.created else None) for part in left]
        return intent.having(*stays).parts, False, intent.owner
    current.set(context.record)
    context.record.fields["write"] = intent.id
    last = aftermath.is_last_look(intent, time.time(), site.ours.own.settle)
    try:
        with MemoryBudget() as budget:
            branches = Branches(context, budget)
            seen = await asyncio.gather(
                *(_seen_to(branches, intent, part, failed=failed, last=last) for part in left)
            )
        whose = intent.owner or await owner(context)
    finally:
        context.record.write()
        audit.ended(context.request, context.record, site.here, site.federation.names)
    found = [part for part, _ in seen]
    return intent.having(*found).parts, any(again for _, again in seen), whose


async def _seen_to(
    branches: Branches, intent: Intent, part: Part, *, failed: bool, last: bool
) -> tuple[Part, bool]:
    """Return a part after what is left of it was removed or looked for; and whether to try again.

    It is not tried again where the cloud no longer takes the user's token.
    """
    removes = intent.method == "POST" and failed and part.created is not None
    looks = intent.method == "POST" and part.unknown and intent.name is not None
    try:
        async with asyncio.timeout(PATIENCE):
            if removes:
                answer = await branches.send(part.cloud, _removal(intent, part))
                answer.close()
                takes = answer.status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
                return aftermath.removed(part, answer.status, last=last), takes
            if looks:
                ids, seen_all = await _ids(branches, intent, part.cloud)
                return aftermath.looked_for(part, ids, seen_all=seen_all, last=last), True
    except (NoAnswerError, TimeoutError) as error:
        what = error.message if isinstance(error, NoAnswerError) else "it has not answered in time"
        log.warning("not looked at", write=intent.id, cloud=part.cloud, error=what)
        return replace(part, undone=False if removes else part.undone), True
    return part, False


def _removal(intent: Intent, part: Part) -> Request:
    path = intent.target.partition("?")[0].rstrip("/")
    return Request("DELETE", f"{path}/{quote(str(part.created), safe='')}")


async def _ids(branches: Branches, intent: Intent, cloud: str) -> tuple[list[str], bool]:
    """Return the ids of what has the name of a created resource, and whether these are all.

    Nova takes a name for a regular expression, and a list may have more pages.
    """
    path = intent.target.partition("?")[0]
    request = Request.of("GET", f"{path}?{urlencode({'name': intent.name})}")
    answer = await branches.send(cloud, request)
    try:
        found = listing(answer.document) if answer.ok else None
        if found is None:
            return [], False
        items = [resource(decoded(item)) for item in found.items]
        named = [item for item in items if item and item.get("name") == intent.name]
        plain = _PLAIN.fullmatch(intent.name or "") is not None
        ids = [str(identifier(item)) for item in named]
        return ids[:MAX_FOUND], plain and found.following is None and len(ids) <= MAX_FOUND
    finally:
        answer.close()
