"""One request through the gateway: head, scope, route, target, and on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus

from openstackoid import identity
from openstackoid.federation import Federation
from openstackoid.gateway.admission.client_address import Proxies
from openstackoid.gateway.admission.heads import head_of
from openstackoid.gateway.admission.limits import Limits
from openstackoid.gateway.dispatch.composite import Composite
from openstackoid.gateway.dispatch.health import Health
from openstackoid.gateway.dispatch.hop import passage
from openstackoid.gateway.errors import fault_of
from openstackoid.gateway.forwarding.downstream import (
    Editor,
    astray,
    may_have_ids,
    refused_answer,
    refused_redirection,
    relay_answer,
    send_document,
    send_refusal,
)
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import HttpError, Request, SilentError
from openstackoid.gateway.reporting import audit
from openstackoid.gateway.reporting.access_record import REQUEST_ID, Record
from openstackoid.gateway.trust.foreign_tokens import Foreign
from openstackoid.identity.signature import PROOF
from openstackoid.routing import Head, Refusal, Route, Target, route
from openstackoid.routing.foreign_ids import Search, UnsafeIdError
from openstackoid.routing.links import Links
from openstackoid.scope import Cloud
from openstackoid.scope.expression import clouds
from openstackoid.scope.wallet import SEALING_KEY
from openstackoid.services import IDENTITY, is_data

Body = AsyncIterator[bytes] | bytes | None


class Relay:
    """The handler of every request of one cloud's gateway."""

    def __init__(
        self,
        federation: Federation,
        here: str,
        upstream: Upstream,
        limits: Limits,
        idle_timeout: float,
        patience: float,
    ) -> None:
        self._here = here
        self._upstream = upstream
        self._limits = limits
        self.follow(federation)
        self._idle_timeout = idle_timeout
        self.health = Health(self._addresses, upstream.connect_timeout)
        self._composite = Composite(here, upstream, self.health, patience)

    def follow(self, federation: Federation) -> None:
        """Go by this federation file from the next request on."""
        self.federation = federation
        self._foreign = Foreign(federation, self._here, self._upstream)
        proxies = federation.clouds[self._here].own.proxies
        self._limits.proxies = Proxies(proxies) if proxies else None

    async def handle(self, request: Request) -> None:
        """Answer a request, and log it."""
        if (proxies := self._limits.proxies) is not None:
            request.remote = proxies.client(request.remote, request.headers)
        audit.begun(request)
        record = Record(request, self._here)
        try:
            try:
                await self._answer(request, record)
            except Refusal as refusal:
                await send_refusal(request, record, refusal)
        except asyncio.CancelledError:
            record.fields.setdefault("error", "the client left")
            raise
        except Exception as error:  # noqa: BLE001  (the last resort of a server)
            await self._fail(request, record, error)
        finally:
            record.write()
            audit.ended(request, record, self._here, self.federation.names)

    async def _answer(self, request: Request, record: Record) -> None:
        # The same ones to the end, whatever is reloaded meanwhile.
        federation, foreign = self.federation, self._foreign
        head, decided, proven = self._admitted(request, record, federation)
        body: Body = None
        if identity.is_authentication(head.method, decided):
            body = await self._login(request, record)
            if token := identity.token_in(body):
                head = replace(head, body_token=token)
                decided = route(head, federation, self._here)
                body = identity.strip(body)
        elif request.body_exists:
            body = self._received(request, record)
        _note(record, decided)
        if not isinstance(decided.expression, Cloud):
            if isinstance(body, bytes) or (decided.wallet and identity.is_of_a_token(decided)):
                message = "a login is in one Keystone; name one cloud for identity"
                status = HTTPStatus.BAD_REQUEST
                raise Refusal(status, message, cloud=self._here, service=IDENTITY)
            await self._composite.answer(request, record, head, decided, federation, foreign, body)
            return
        way = await passage(
            head,
            decided,
            decided.expression.name,
            federation,
            self._here,
            self._upstream,
            foreign,
            proven=proven,
        )
        head, decided, goal = way.head, way.route, way.goal
        keys = self._upstream.peers.keys
        if (
            isinstance(body, bytes)
            and keys
            and decided.scope
            and not (goal.remote or decided.origin)
        ):
            record.extra.append((SEALING_KEY, f"{self._here} {keys.public.seal}"))
        record.fields["target"] = goal.cloud
        if decided.issuer not in {None, self._here}:
            record.fields["issuer"] = decided.issuer
        headers = self._headers(head, decided, goal, record, body)
        links = None
        if goal.remote or way.ids:
            theirs, ours = federation.clouds[goal.cloud], federation.clouds[self._here]
            links = Links(theirs, ours, decided.service, way.ids)
        editor = self._editor(decided, links, federation)
        with await self._upstream.send(request.method, goal, decided, headers, body) as answer:
            if way.validation and (document := await foreign.validated(answer, decided, goal)):
                record.fields["user"] = document["token"]["user"]["name"]
                await send_document(request, record, document)
                return
            if answer.status == HTTPStatus.UNAUTHORIZED:
                await foreign.explain(head, decided, goal)
            if goal.remote and links and astray(answer, links):
                raise refused_redirection(goal.cloud, decided.service)
            searched = goal.remote and may_have_ids(decided.service, decided.rest)
            try:
                await relay_answer(
                    request, record, answer, links, editor, Search() if searched else None
                )
            except (HttpError, UnsafeIdError) as error:
                raise refused_answer(error, goal.cloud, decided.service) from error

    def _admitted(
        self, request: Request, record: Record, federation: Federation
    ) -> tuple[Head, Route, bool]:
        """Return a request's head and route, and whether it proved to come from its origin.

        Raises Refusal, also if its sender sends too many.
        """
        address = request.remote
        self._limits.arrived(address)  # before it costs anything
        peers = self._upstream.peers
        try:
            head = head_of(request, self._here)
            decided = route(head, federation, self._here)
            proofs = request.headers.all(PROOF)
            certificate = request.certificate
            proof = peers.admit(head, decided, proofs, certificate)
        except Refusal:
            self._limits.address(address)
            raise
        expression = decided.expression
        named = 1 if isinstance(expression, Cloud) else sum(1 for _ in clouds(expression))
        if decided.origin is not None and proof.by:
            record.fields["proven"] = proof.by
            self._limits.gateway(decided.origin, address, named)
            peers.take(decided, proof)
        else:
            self._limits.address(address, named)
        return head, decided, bool(proof.by)

    def _addresses(self, cloud: str) -> set[tuple[str, int]]:
        """Return where another cloud's gateway accepts connections, nowhere if it has left."""
        description = self.federation.clouds.get(cloud)
        if description is None:
            return set()
        urls = (frontend.url for frontend in description.addresses)
        return {(str(description.connect or url.host), url.port) for url in urls}

    def _headers(
        self, head: Head, decided: Route, goal: Target, record: Record, body: Body
    ) -> identity.Headers:
        headers = identity.headers_for(head, decided, goal, self._here)
        if decided.scope is None and not isinstance(body, bytes):
            return headers
        if not isinstance(body, bytes) and head.value(REQUEST_ID.lower()) is None:
            return (*headers, (REQUEST_ID, record.make_request_id()))
        dropped = {"content-length", "expect"} if isinstance(body, bytes) else set()
        if decided.scope is not None:
            dropped.add(REQUEST_ID.lower())  # what came may be none
        kept = [(name, value) for name, value in headers if name.lower() not in dropped]
        if isinstance(body, bytes):
            kept.append(("Content-Length", str(len(body))))
        if decided.scope is not None:
            kept.append((REQUEST_ID, record.make_request_id()))
        return tuple(kept)

    def _editor(self, decided: Route, links: Links | None, federation: Federation) -> Editor | None:
        if decided.scope is not None and identity.has_catalog(decided):
            return identity.CatalogEditor(decided.scope, links, federation, self._here)
        data = is_data(decided.service, decided.rest.partition("?")[0])
        return links.edit() if links and not data else None

    async def _login(self, request: Request, record: Record) -> bytes:
        body = bytearray()
        async for piece in self._received(request, record):
            body += piece
            if len(body) > identity.MAX_AUTH_BODY:
                message = f"a login takes at most {identity.MAX_AUTH_BODY} bytes"
                status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                raise Refusal(status, message, cloud=self._here, service=IDENTITY)
        return bytes(body)

    async def _received(self, request: Request, record: Record) -> AsyncIterator[bytes]:
        """Yield the client's body.

        A client that sends nothing any more is cut off, and this request cancelled with it.
        """
        try:
            async for piece in request.pieces():
                record.received += len(piece)
                yield piece
        except SilentError:
            record.fields["error"] = f"the client sent nothing for {self._idle_timeout:g} s"
            request.abort()
            raise

    async def _fail(self, request: Request, record: Record, error: Exception) -> None:
        """Answer 500; the log gets the kind and the place, not the text, which may hold a token."""
        failed = fault_of(error)
        if record.status is not None:  # its head is sent, nothing more can be said
            record.fields["error"] = failed
            request.abort()
            return
        message = "the gateway failed; its log has the place under this request's id"
        refusal = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, message, cloud=self._here)
        await send_refusal(request, record, refusal)
        record.fields["error"] = failed


def _note(record: Record, decided: Route) -> None:
    record.fields["service"] = decided.service
    if decided.scope is not None:
        record.fields["scope"] = decided.scope.canonical
    if decided.origin is not None:
        record.fields["origin"] = decided.origin
