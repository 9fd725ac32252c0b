"""Refuses a request to another service than the one that its sender says it means.

Ids and links of another cloud may hold a path to another service, which clients fold before any
gateway sees the address: what comes in is then a valid request for what nobody meant.
"""

from http import HTTPStatus

from openstackoid.federation import Federation
from openstackoid.message import Headers
from openstackoid.routing.refusal import Refusal
from openstackoid.routing.scoping import SERVICE_HEADER
from openstackoid.services import service_type

_LONGEST = 64
"""Characters of a name at most, so that it is looked up."""


def check_meant(
    headers: Headers, service: str, federation: Federation, here: str, sender: str | None
) -> None:
    """Raise Refusal if X-Scope-Service names another service than the one of the frontend.

    Without the header any service may be meant. Only names of services are shown in the message.
    """
    values = headers.all(SERVICE_HEADER)
    if not values or values == [service]:
        return
    if len(values) > 1:
        said = "names more than one service"
    elif len(name := values[0]) <= _LONGEST and (known := _official(name, federation)):
        if known == service:
            return
        said = f"says {known}"
    else:
        said = "names no service that is known here"
    advice = (
        f"compare the federation files of {sender} and {here}"
        if sender
        else f"send X-Scope-Service: {service}, or the request to the service that it is for; if "
        "you wrote neither, an id or a link in an answer of another cloud has led here"
    )
    message = f"this is the {service} service of {here}, and X-Scope-Service {said}; {advice}"
    raise Refusal(HTTPStatus.BAD_REQUEST, message, cloud=here, service=service, sent=False)


def _official(name: str, federation: Federation) -> str | None:
    return name if name in federation.services else service_type(name)
