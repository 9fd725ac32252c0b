"""Makes a replicated resource of what exists in this cloud: the others get a copy of it."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import msgspec

from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.messages import Make, Order, Shown, Told
from openstackoid.gateway.replicas.ordering import Ordering
from openstackoid.gateway.replicas.ownership import Ownership
from openstackoid.gateway.replicas.services import NotReadError, Services
from openstackoid.gateway.replicas.telling import Telling
from openstackoid.gateway.replicas.users import Users
from openstackoid.message import REPLICAS
from openstackoid.replication.apis.api import Api, Draft
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.kinds import Recognized
from openstackoid.replication.operation import Action, Write
from openstackoid.replication.parcel import Parcel, Resource
from openstackoid.replication.plan import Seen
from openstackoid.routing import Refusal, Route

KINDS = [api.kind.name for api in APIS.values() if api.named("") is not None]
"""What exists can be replicated of these."""


class Making:
    """Makes it; `learn` carries out what is new, `outcome` waits for what becomes of it."""

    def __init__(
        self,
        memory: Memory,
        users: Users,
        services: Services,
        ownership: Ownership,
        ordering: Ordering,
        telling: Telling,
        learn: Callable[[list[Parcel]], None],
        outcome: Callable[[Parcel], Awaitable[Mapping[str, Told]]],
    ) -> None:
        self._memory = memory
        self._users = users
        self._services = services
        self._ownership = ownership
        self._ordering = ordering
        self._telling = telling
        self._learn = learn
        self._outcome = outcome

    async def made(self, message: Make) -> Shown:
        """Have something replicated, and show how far it is; raises Refusal and NoAnswerError.

        What is there already is never deleted, whatever other clouds say.
        """
        api = APIS.get(message.kind)
        route = self._users.route("identity" if api is None else api.service, REPLICAS)
        if api is None or message.kind not in KINDS:
            text = (
                f"what exists can be replicated of these kinds: {', '.join(KINDS)}. Others are "
                "created with the policy eventual: what is the same there is taken for the copy"
            )
            raise self._refusal(HTTPStatus.BAD_REQUEST, text, route)
        here = self._memory.here
        if here not in message.clouds:
            text = f"the copy that is there has to be in {here}: name it in the scope, too"
            raise self._refusal(HTTPStatus.BAD_REQUEST, text, route)
        document = await self._users.ordering(message.token, "POST", REPLICAS, route)
        identifier, seen = await self._seen(api, message, route)
        party = self._ownership.user(document)
        if seen.project not in {None, party.project}:
            text = f"the {message.kind} is another project's: only its own users have it replicated"
            raise self._refusal(HTTPStatus.FORBIDDEN, text, route)
        if any(Resource.of(one).kind == message.kind for one in self._memory.having(identifier)):
            text = f"the {message.kind} is replicated already; openstack replica list shows it"
            raise self._refusal(HTTPStatus.CONFLICT, text, route)
        writes = tuple(Write(field, said, key) for (field, key), said in seen.values.items())
        brought = tuple(one for one in writes if one.field in api.kind.brought)
        name = identifier if api.kind.recognized is Recognized.ID else None
        draft = Draft(Action.CREATE, tuple(one for one in writes if one not in brought), name)
        order = Order(message.token, "POST", REPLICAS, api.service, b"", message.clouds)
        parcel = await self._ordering.parcel(order, api, draft, document, route)
        await self._mark(api, identifier, parcel, message, route)
        self._learn([parcel])
        resource = parcel.operation.resource
        for one in brought:
            change = self._memory.next(Resource.of(resource), Action.CHANGE, writes=(one,))
            members = parcel.operation.members
            parcel = self._ordering.with_rights(change, members, document, route)
            self._learn([parcel])
        told = {resource: await self._outcome(parcel)}
        shown = self._telling.documents([resource], told)
        return Shown(msgspec.json.encode({"replicas": shown}))

    async def _seen(self, api: Api, message: Make, route: Route) -> tuple[str, Seen]:
        """Return the id of what a user names, and what it is; raises Refusal."""
        try:
            seen = await self._services.read(api, message.id, message.token)
            if seen is not None:
                return message.id, seen
            call = api.named(message.id)
            ids = [] if call is None else await self._services.ids(api, call, message.token)
            if len(ids) > 1:
                text = f"there are {len(ids)} of the kind {message.kind} with this name: give an id"
                raise self._refusal(HTTPStatus.CONFLICT, text, route)
            seen = await self._services.read(api, ids[0], message.token) if ids else None
        except NotReadError as error:
            text = f"{api.service} does not show it: {error}"
            raise self._refusal(HTTPStatus.BAD_GATEWAY, text, route) from error
        if seen is None:
            text = f"there is no {message.kind} with this id or name in {self._memory.here}"
            raise self._refusal(HTTPStatus.NOT_FOUND, text, route)
        return ids[0], seen

    async def _mark(
        self, api: Api, identifier: str, parcel: Parcel, message: Make, route: Route
    ) -> None:
        """Mark what is there as the copy here; raises Refusal."""
        call = api.marking(identifier, parcel.operation.at)
        if call is None:
            return
        came = await self._services.send(api, call, message.token)
        if came.status is None or came.status >= HTTPStatus.BAD_REQUEST:
            text = f"{api.service} does not let it be marked: {came.words or 'no answer'}"
            raise self._refusal(HTTPStatus(came.status or 502), text, route)

    def _refusal(self, status: HTTPStatus, message: str, route: Route) -> Refusal:
        here = self._memory.here
        return Refusal(status, message, cloud=here, service=route.service, sent=False)
