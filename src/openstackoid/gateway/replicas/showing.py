"""Shows users what is replicated of theirs: as it was read last, read anew, or mended."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import msgspec

from openstackoid.gateway.replicas.messages import Look, Refused, Said, Show, Shown, Told
from openstackoid.gateway.replicas.ordering import Ordering
from openstackoid.gateway.replicas.ownership import Ownership
from openstackoid.gateway.replicas.rights import NoAnswerError
from openstackoid.gateway.replicas.telling import MAX_LISTED, Telling
from openstackoid.gateway.replicas.users import Users
from openstackoid.identity.token_document import Distrust
from openstackoid.message import REPLICAS
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.parcel import Parcel, Resource
from openstackoid.routing import Refusal, Route
from openstackoid.services import IDENTITY


class Showing:
    """Shows what is replicated; `read` reads copies here anew, `learn` carries out what is new."""

    def __init__(
        self,
        users: Users,
        ownership: Ownership,
        ordering: Ordering,
        telling: Telling,
        read: Callable[[list[str]], Awaitable[None]],
        learn: Callable[[list[Parcel]], None],
    ) -> None:
        self._users = users
        self._ownership = ownership
        self._ordering = ordering
        self._telling = telling
        self._read = read
        self._learn = learn

    async def shown(self, message: Show) -> Said:
        """Show a user what is replicated of his: all, or one; raises Refusal."""
        document = await self._users.asking(message.token)
        try:
            his = await self._ownership.owned(self._ownership.user(document))
        except NoAnswerError as error:
            raise not_known(error, self._users.here, self._users.route(IDENTITY, "/")) from error
        except Distrust as distrust:
            return Refused(401, f"this token shows nothing: {distrust}")
        if message.resource is not None:
            his = [one for one in his if message.resource in self._telling.names(one)]
            if not his:
                return Refused(404, "nothing of yours that is replicated has this id or name")
        his = his[-MAX_LISTED:]
        again = message.look is not Look.SHOW
        told = await self._everywhere(his, again=again)
        if message.look is Look.SYNC and await self._ordered_anew(message, his, told):
            told = await self._everywhere(his, again=again)
        return Shown(msgspec.json.encode({"replicas": self._telling.documents(his, told)}))

    async def _everywhere(self, his: list[str], *, again: bool) -> dict[str, dict[str, Told]]:
        """Return the states of copies in all their clouds, read anew if `again`."""
        if again:
            await self._read(his)
        return await self._telling.everywhere(his, again=again)

    async def _ordered_anew(
        self, message: Show, his: list[str], told: Mapping[str, Mapping[str, Told]]
    ) -> bool:
        """Order anew what somebody has changed in one cloud alone; return whether anything was.

        Raises Refusal.
        """
        parcels = []
        for one in his:
            places = {(d.field, d.key) for said in told[one].values() for d in said.drift}
            if not places:
                continue
            resource = Resource.of(one)
            route = self._users.route(APIS[resource.kind].service, "/")
            document = await self._users.ordering(message.token, "POST", REPLICAS, route)
            parcel = self._ordering.anew(resource, places, document, route)
            if parcel is not None:
                parcels.append(parcel)
        self._learn(parcels)
        return bool(parcels)


def not_known(error: NoAnswerError, here: str, route: Route) -> Refusal:
    """Return the answer where nobody can say at present what is whose."""
    message = f"{here} can't say now whose this is: {error}. Try again later"
    return Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE, message, cloud=here, service=route.service, sent=False
    )
