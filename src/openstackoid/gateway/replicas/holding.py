"""Says where data is: which copy takes an upload first, and where another cloud's part is here."""

from http import HTTPStatus

import msgspec

from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.messages import (
    MAX_PART,
    Fetch,
    Fetched,
    Part,
    Placed,
    Refused,
    Said,
    Upload,
)
from openstackoid.gateway.replicas.rights import NoAnswerError, NoRightError, Rights
from openstackoid.gateway.replicas.telling import Telling, is_done
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.copy import Copy
from openstackoid.replication.data import FIELD, Data
from openstackoid.replication.parcel import Resource

_PLACE = (FIELD, None)


async def placed(memory: Memory, telling: Telling, upload: Upload, resource: Resource) -> Said:
    """Return which copy takes what a user uploads: the one here, or the first that is there."""
    identifier, here = resource.id, memory.here
    state = memory.state(identifier)
    if _PLACE in state.values:
        return Refused(HTTPStatus.CONFLICT, "it has its data already; make another image")
    told = (await telling.everywhere([identifier]))[identifier]
    for cloud in dict.fromkeys((here, *upload.clouds)):
        if cloud not in upload.clouds or cloud not in told or not is_done(told[cloud]):
            continue
        if (known := told[cloud].id) is not None:
            api = APIS[resource.kind]
            return Placed(cloud, f"{api.path(known)}/file", api.path(known))
    text = "no copy of it can be reached that could take the data; nothing was uploaded"
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, text)


async def fetched(memory: Memory, rights: Rights, fetch: Fetch) -> Said:
    """Return where a part of the data of a copy here is, for a cloud that has one, too."""
    nothing = Refused(HTTPStatus.NOT_FOUND, "there is no such data here")
    try:
        part = msgspec.json.decode(fetch.question, type=Part)
    except (ValueError, RecursionError):
        return Refused(HTTPStatus.BAD_REQUEST, "it is not a question as gateways write them")
    if not memory.may_see(fetch.cloud, part.resource):
        return nothing
    state = memory.state(part.resource)
    value, replica = state.values.get(_PLACE), memory.copies.get(part.resource, Copy()).replica
    has = replica is not None and (replica.written or {}).get(_PLACE) == value
    if value is None or replica is None or not has or fetch.cloud not in state.members:
        return nothing
    data = Data.read(value)
    within = 0 <= part.begin < part.end <= min(data.size, part.begin + MAX_PART)
    parcel = memory.parcel(part.resource, state.winners[_PLACE])
    if part.hash != data.hash or not within or parcel is None:
        return nothing
    try:
        token = await rights.token(parcel)
    except NoRightError as error:
        return Refused(HTTPStatus.FORBIDDEN, str(error))
    except NoAnswerError as error:
        return Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
    api = APIS[Resource.of(part.resource).kind]
    path = f"{api.path(replica.id)}/file"
    return Fetched(api.service, path, token, part.begin, part.end)
