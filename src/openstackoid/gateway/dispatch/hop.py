"""Prepares a request for one cloud, sends it, and prepares the answer for the client.

Requests to one cloud and the branches of a composite request both use it.
"""

import time
from collections.abc import AsyncIterator, Mapping, Set
from http import HTTPStatus
from typing import Any, NamedTuple, TypeAlias

from openstackoid import identity
from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.token_user import check_subject, check_user
from openstackoid.gateway.forwarding.downstream import Editor, Passing, check_answer
from openstackoid.gateway.http import Response
from openstackoid.gateway.reporting.access_record import REQUEST_ID
from openstackoid.gateway.trust.answering import asks_about_assertion
from openstackoid.gateway.trust.made import IdReader
from openstackoid.gateway.trust.service_account import AccountError, account_refusal
from openstackoid.message import Head, Headers, is_json, is_xml
from openstackoid.operators.request import NoAnswerError
from openstackoid.operators.shapes import CLOUD_LABEL
from openstackoid.routing import Destination, Refusal, Route, destination_of, narrowed
from openstackoid.routing.error_editor import ErrorEditor
from openstackoid.routing.foreign_ids import Search
from openstackoid.routing.links import Links
from openstackoid.routing.scoping import CLIENT_HEADER
from openstackoid.services import IDENTITY, is_data, special

Body: TypeAlias = AsyncIterator[bytes] | bytes | None
"""A streamed body, a body in memory, or None."""

_FRAMING = frozenset({"content-length", "expect"})
_REQUEST_ID = frozenset({REQUEST_ID.lower()})


class Hop(NamedTuple):
    """A request as it is sent to one cloud.

    `ids` maps project ids of that cloud to those that the client knows. `validation`: a service
    here asks the issuer, another cloud, to validate a token. `asked`: a service here asks whose an
    assertion is, and nothing is sent. `by_service`: a service here goes on for a user whose
    assertion is over.
    """

    head: Head
    route: Route
    destination: Destination
    ids: Mapping[str, str]
    validation: bool
    asked: bool = False
    by_service: bool = False


class Validated(NamedTuple):
    """The answer to a validation of a foreign token, rewritten for the services here."""

    document: dict[str, Any]


async def pieces(body: Body) -> AsyncIterator[bytes]:
    """Yield a body piece by piece."""
    if isinstance(body, bytes):
        if body:
            yield body
    elif body is not None:
        async for piece in body:
            yield piece


async def prepare(context: Context, cloud: str, path: str | None = None) -> Hop:
    """Return the hop of a request to a cloud; `path`, if given, replaces the rest of the target.

    Raises Refusal if the cloud lacks the service or does not accept the token; nothing is sent
    then, except questions to Keystone about the token.
    """
    site, head, route = context.site, context.head, context.route
    if path is not None:
        route = route._replace(rest=path)
    if route.scope is None:  # nobody's token but home's
        return Hop(head, route, destination_of(route, cloud, site.federation, site.here), {}, False)
    route = narrowed(route, cloud)
    head, route = identity.exchange_token(head, route, cloud, site.federation, site.here)
    destination = destination_of(route, cloud, site.federation, site.here)
    if not destination.remote:
        keys, proven = site.peers.keys, context.proven
        head, route = identity.unsealed(head, route, site.here, keys, time.time(), proven=proven)
    if identity.is_of_a_token(route) and asks_about_assertion(head):
        await check_subject(context, head, route)
        return Hop(head, route, destination, {}, validation=False, asked=True)
    validation = identity.validates_at_issuer(head, route, destination)
    by_service = False
    if not validation:  # whose own token does not cross
        head, route, by_service = await _asserted(context, head, route, destination)
    if head is not context.head:  # another token than the one that came
        await check_user(context, head, route)
    route, destination, ids = await site.foreign_tokens.admit(head, route, destination)
    if destination.remote and head.method in {"GET", "HEAD"}:
        _check_asked(route, destination)
    if validation:
        await site.foreign_tokens.check(head, route, destination)
    return Hop(head, route, destination, ids, validation, by_service=by_service)


async def _asserted(
    context: Context, head: Head, route: Route, destination: Destination
) -> tuple[Head, Route, bool]:
    """Return head and route with an assertion where no token of home's may go.

    Also return whether a service here goes on with one that is over. Raises Refusal.
    """
    assertions, here = context.site.assertions, context.site.here
    by_service = False
    try:
        if destination.remote:
            by_service = await assertions.issuing.goes_on(head, route)
            head, route = await assertions.issuing.asserted(head, route, destination)
        else:
            head, route = await assertions.accepting.accepted(
                head, route, proven=context.proven, by_service=context.proof.told.by_service
            )
    except AccountError as error:
        raise account_refusal(error, here, route) from error
    return head, route, by_service


async def _whose(context: Context, hop: Hop) -> Validated:
    """Return whose the assertion is that a service asks about; raises Refusal."""
    answering = context.site.assertions.answering
    try:
        document = await answering.answer(hop.head, hop.route, proven=context.proven)
    except AccountError as error:
        raise account_refusal(error, context.site.here, hop.route) from error
    return Validated(document)


def _check_asked(route: Route, destination: Destination) -> None:
    """Refuse a read whose answer only services of its own cloud may act on.

    501 makes cinder do without (`GlanceImageService.get_location`).
    """
    not_asked = special(route.service).not_asked
    if not_asked is None or not not_asked.fullmatch(route.rest.partition("?")[0]):
        return
    who = f"{route.service} of {destination.cloud}"
    message = (
        f"{who} is not asked for this: where it keeps its data is for the services of "
        f"{destination.cloud} alone. Get the data itself"
    )
    raise Refusal(
        HTTPStatus.NOT_IMPLEMENTED,
        message,
        cloud=destination.cloud,
        service=route.service,
        sent=False,
    )


async def check_login(context: Context, hop: Hop, body: Body) -> None:
    """Refuse a login with a token of home's at another cloud's Keystone, which would see it."""
    token = identity.bare_token_in(body) if isinstance(body, bytes) else None
    if not token or not hop.destination.remote:
        return
    try:
        issuing = context.site.assertions.issuing
        await issuing.check_not_ours(token, hop.route, hop.destination.cloud)
    except AccountError as error:
        raise account_refusal(error, context.site.here, hop.route) from error


async def exchange(
    context: Context,
    hop: Hop,
    method: str,
    body: Body,
    dropped: Set[str] = frozenset(),
) -> Passing | Validated:
    """Send a hop's request, without the `dropped` headers, and return its answer.

    The caller closes the answer. Raises NoAnswerError, and Refusal if the answer must not be
    passed on.
    """
    site, destination = context.site, hop.destination
    if hop.asked:
        return await _whose(context, hop)
    cloud, service = destination.cloud, hop.route.service
    if hop.route.scope is not None and context.state.health.hanging(cloud, service):
        raise NoAnswerError(
            f"{service} of {cloud} hangs: it answers nobody, so nothing was sent. It is looked at "
            f"every two seconds; try again later, or take {service} in another cloud",
            sent=False,
            status=HTTPStatus.GATEWAY_TIMEOUT,
        )
    headers = _headers(context, hop, body, dropped)
    end = context.proof.told.end
    try:
        response = await site.upstream.request(
            method,
            destination,
            hop.route,
            headers,
            body,
            client=context.request.remote,
            by_service=hop.by_service,
            end=None if end is None or destination.remote else end / 1000,
        )
    except NoAnswerError as error:
        if error.hung:
            context.state.health.hangs(cloud, service)
        elif destination.remote and error.away:
            context.state.health.failed(destination.cloud)
        raise
    try:
        if hop.validation:
            document = await site.foreign_tokens.validated(response, hop.route, destination)
            if document is not None:
                response.close()
                return Validated(document)
        elif response.status == HTTPStatus.UNAUTHORIZED:
            await site.foreign_tokens.explain(hop.head, hop.route, destination)
        return _passing(context, hop, response)
    except BaseException:
        response.close()
        raise


def _headers(context: Context, hop: Hop, body: Body, dropped: Set[str]) -> Headers:
    """Return the headers to send: with a scope, also the id of the client's request."""
    added: list[tuple[str, str]] = []
    if hop.route.scope is not None:
        dropped = dropped | _REQUEST_ID  # it may not be a valid one
        added.append((REQUEST_ID, context.record.make_request_id()))
    destination = hop.destination
    if destination.remote and destination.gateway and tries_account(context, hop):
        added.append((CLIENT_HEADER.title(), context.request.remote))
    if isinstance(body, bytes):
        dropped = dropped | _FRAMING
        added.append(("Content-Length", str(len(body))))
    elif body is None and context.request.body_exists:
        dropped = dropped | _FRAMING | {"content-type"}
    return identity.headers_for(
        hop.head,
        hop.route,
        hop.destination,
        context.site.here,
        dropped,
        added,
        context.request.remote,
    )


def tries_account(context: Context, hop: Hop) -> bool:
    """Return whether a hop is a login across a border, or another request with a password."""
    if context.head.method != "POST" or hop.route.service != IDENTITY:
        return False
    crosses = hop.destination.remote or hop.route.sender is not None
    return crosses and bool(identity.accounts_tried("POST", hop.route, b""))


def _passing(context: Context, hop: Hop, response: Response) -> Passing:
    """Return an answer with what edits it for the client; raises Refusal."""
    site, route = context.site, hop.route
    failed = response.status >= HTTPStatus.BAD_REQUEST  # the body is an error, not data
    data = not failed and is_data(route.service, route.rest.partition("?")[0])
    links = editor = None
    if hop.destination.remote or hop.ids:
        theirs = site.federation.clouds[hop.destination.cloud]
        links = Links(theirs, site.ours, route.service, hop.ids, route.interface)
    if not data:
        editor = _editor(context, hop, links, response)
    learns = site.assertions.accepting.learns(hop.head, route)
    if learns and not hop.destination.remote and not failed and not data:
        editor = IdReader(editor, learns)
    search = Search() if hop.destination.remote and not data else None
    private = hop.destination.remote or editor is not None
    cloud = hop.destination.cloud
    passing = Passing(response, cloud, route.service, links, editor, search, data, private)
    check_answer(passing)
    return passing


def _editor(context: Context, hop: Hop, links: Links | None, response: Response) -> Editor | None:
    """Return the editor of an answer's body, None if the body passes unchanged.

    JSON is edited. A successful answer with another cloud's token or catalog is edited whatever
    its content type, since clients do not check that; so is an error of another cloud.
    """
    scope, site = hop.route.scope, context.site
    if links and links.remote and response.status >= HTTPStatus.BAD_REQUEST:
        then = links.edit(_replaced(hop))
        return ErrorEditor(hop.destination.cloud, then, markup=is_xml(response.headers))
    if scope is not None and identity.has_catalog(hop.route):
        editor = identity.CatalogEditor(scope, links, site.federation, site.here)
        succeeded = response.status < HTTPStatus.MULTIPLE_CHOICES
        return editor if (succeeded if editor.strict else is_json(response.headers)) else None
    # Clients of another cloud decode its answer whatever it says of its type.
    edited = hop.destination.remote or is_json(response.headers)
    return links.edit(_replaced(hop)) if links and edited else None


def _replaced(hop: Hop) -> Mapping[str, bytes]:
    """Return keys of another cloud's answer that do not count, and what replaces their values."""
    if not hop.destination.remote:
        return {}
    return {CLOUD_LABEL: b'""', **special(hop.route.service).acted_on}
