"""Says which ids the copies have in other clouds that users name by the id of one."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.messages import Translate, Translated
from openstackoid.gateway.replicas.naming import Naming
from openstackoid.gateway.replicas.ownership import Ownership, Party
from openstackoid.gateway.replicas.rights import NoAnswerError, NoRightError
from openstackoid.gateway.replicas.telling import ASKING, Telling
from openstackoid.gateway.replicas.users import Users
from openstackoid.identity.token_document import Distrust
from openstackoid.replication.apis.ids import is_plain
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.parcel import Resource
from openstackoid.routing import Refusal


class Translating:
    """Knows the ids of copies: those here, and those that other clouds have told.

    `is_up` says of another cloud whether it is there.
    """

    def __init__(
        self,
        memory: Memory,
        users: Users,
        ownership: Ownership,
        telling: Telling,
        is_up: Callable[[str], bool],
    ) -> None:
        self._is_up = is_up
        self._memory = memory
        self._users = users
        self._ownership = ownership
        self._telling = telling
        self._naming = Naming(memory)

    async def translated(self, message: Translate) -> Translated:
        """Return the ids that are meant, as far as they are known and of what is the user's own.

        Whoever can't be told apart now is told nothing: his request goes on as he wrote it.
        """
        known = {
            one: its
            for one in message.meant
            if (its := [r for r in self._memory.having(one[1]) if Resource.of(r).kind == one[0]])
        }
        if not known:
            return Translated()
        try:
            party = self._ownership.user(await self._users.asking(message.token))
        except (Refusal, Distrust):
            return Translated()
        found: list[tuple[str, str, str, str]] = []
        for (kind, identifier), resources in known.items():
            his = [one for one in resources if await self._is_his(party, one)]
            resource = self._naming.by_id(APIS[kind], his, identifier, message.clouds)
            if resource is not None:
                ids = await self._ids(resource.id, message.clouds)
                found += [(cloud, kind, identifier, its) for cloud, its in ids]
        return Translated(tuple(found))

    async def _is_his(self, party: Party, resource: str) -> bool:
        try:
            return await self._ownership.owns(party, resource)
        except (NoRightError, NoAnswerError):
            return False

    async def _ids(self, resource: str, clouds: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Return the ids of copies in some clouds; those that nobody knows yet are asked for."""
        members, at = self._memory.state(resource).members, self._memory.latest(resource)
        known = {self._memory.here, *self._memory.told(resource)}
        silent = [one for one in clouds if one in members and one not in known]
        asking = (self._telling.of(c, {resource: at}, ASKING) for c in silent if self._is_up(c))
        await asyncio.gather(*asking)
        every: dict[str, Any] = {
            **self._memory.told(resource),
            self._memory.here: self._memory.id_here(resource),
        }
        return ((one, every[one]) for one in clouds if is_plain(every.get(one) or ""))
