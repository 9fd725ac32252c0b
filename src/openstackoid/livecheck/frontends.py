"""Checks that the right service and the right gateway answer at the frontends of a cloud."""

from http import HTTPStatus
from ssl import SSLContext

from openstackoid.federation import Cloud
from openstackoid.federation.model import PUBLIC
from openstackoid.livecheck.probe import Answer, ProbeError, ask, refusing
from openstackoid.livecheck.recognition import recognised
from openstackoid.routing.scoping import ASSERTION
from openstackoid.scope import CloudRef, Scope, join
from openstackoid.services import IDENTITY, service_type, special

_NO_ASSERTION = f"{ASSERTION}x"
"""What no gateway takes for an assertion, and whoever knows of none for a token of its Keystone."""

_NO_SCOPE = "?"
"""A malformed scope: every gateway refuses it, and nothing is executed."""


def service_at(cloud: Cloud, service: str, context: SSLContext) -> Answer | str:
    """Return the answer at the root of a service's public frontend, or the fault there."""
    url = cloud.frontends[service][PUBLIC]
    try:
        answer = ask(cloud, url, context)
    except ProbeError as error:
        return f"{service} at {url}: {error}"
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"{service} at {url}: it answers {answer.status}"
    found = recognised(answer.headers, answer.body)
    if found is None or found.service == service or service_type(service) != service:
        return answer
    if found.declared or special(service).recognisable:
        advice = f"look at the backends of {service} in the file of its gateway"
        return f"{service} at {url}: {found.service} answers there; {advice}"
    return answer


def is_recognised(answer: Answer) -> bool:
    """Return whether an answer identifies its service."""
    return recognised(answer.headers, answer.body) is not None


def gateway_at(name: str, cloud: Cloud, service: str, context: SSLContext) -> Answer | str:
    """Return an answer of a cloud's gateway itself, dated by its own clock, or the fault there.

    The request goes to the public frontend of a service, with a malformed scope.
    """
    url = cloud.frontends[service][PUBLIC]
    try:
        answer = ask(cloud, url, context, X_Scope=_NO_SCOPE)
    except ProbeError as error:
        return f"its gateway at {url}: {error}"
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"its gateway at {url}: it answers {answer.status}"
    said = refusing(answer.body)
    if said is None:
        return f"no gateway answers at {url}, for a scope has no effect there; start one in front"
    return answer if said == name else f"the gateway of {said} answers at {url}"


def knows_assertions(name: str, cloud: Cloud, service: str, context: SSLContext) -> bool:
    """Return whether a cloud's gateway knows assertions, which it takes in place of tokens.

    One of an older release lets the service answer. `service` is any but identity, at whose
    frontend the gateway answers.
    """
    here = CloudRef(name)
    token = join(_NO_ASSERTION, Scope.of([(service, here), (IDENTITY, here)]))
    try:
        answer = ask(cloud, cloud.frontends[service][PUBLIC], context, X_Auth_Token=token)
    except ProbeError:
        return False
    return refusing(answer.body) == name
