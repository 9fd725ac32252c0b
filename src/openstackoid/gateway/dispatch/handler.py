"""Handles each request: admits it, decides its route, sends it to its clouds and logs it."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

from openstackoid import identity
from openstackoid.gateway.admission import cost
from openstackoid.gateway.admission.blocklist import BlockedRefusal, Blocklist
from openstackoid.gateway.admission.client_address import sender_of, sender_told
from openstackoid.gateway.admission.clocks import now_told
from openstackoid.gateway.admission.heads import head_of
from openstackoid.gateway.admission.limits import Limits
from openstackoid.gateway.admission.logins import Logins
from openstackoid.gateway.admission.peers import Proof
from openstackoid.gateway.admission.places import Places
from openstackoid.gateway.dispatch import whose
from openstackoid.gateway.dispatch.composite import answer_composite
from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.eventual import answer_eventual, is_eventual
from openstackoid.gateway.dispatch.hop import (
    Body,
    Hop,
    Validated,
    check_login,
    exchange,
    pieces,
    prepare,
    tries_account,
)
from openstackoid.gateway.dispatch.question import answer_question, is_question
from openstackoid.gateway.dispatch.replicas import answer_about_replicas, is_about_replicas
from openstackoid.gateway.dispatch.site import Site
from openstackoid.gateway.dispatch.state import QUESTIONS, State
from openstackoid.gateway.dispatch.takeover import take_over
from openstackoid.gateway.dispatch.translation import translated
from openstackoid.gateway.dispatch.unsettled import answer_unsettled, asks_for_unsettled
from openstackoid.gateway.forwarding.downstream import (
    Passing,
    relay_answer,
    send_document,
    send_refusal,
)
from openstackoid.gateway.forwarding.health import Health
from openstackoid.gateway.forwarding.upstream import refused
from openstackoid.gateway.front import Request
from openstackoid.gateway.http import IdleTimeoutError
from openstackoid.gateway.reporting import audit
from openstackoid.gateway.reporting.access_record import AccessRecord, current
from openstackoid.gateway.reporting.log import fault_of
from openstackoid.gateway.reporting.turned_away import TurnedAway
from openstackoid.identity.signature import PROOF
from openstackoid.journal.intent import Intent
from openstackoid.journal.link import Link
from openstackoid.message import Head
from openstackoid.operators.request import NoAnswerError
from openstackoid.routing import Refusal, Route, decide
from openstackoid.routing.scoping import AUTH_TOKEN, CLIENT_HEADER
from openstackoid.scope import CloudRef
from openstackoid.scope.expression import clouds
from openstackoid.scope.wallet import SEALING_KEY
from openstackoid.services import IDENTITY

_HANDLES = ("user_handle", "client_handle")


class Handler:
    """Handles the requests of one cloud's gateway, from any front.

    `site` may be replaced at any time: a request keeps the one with which it began.
    """

    def __init__(
        self,
        site: Site,
        limits: Limits,
        blocklist: Blocklist,
        logins: Logins,
        health: Health,
        *,
        idle_timeout: float,
        patience: float,
        journal: Path | None = None,
        replicas: Path | None = None,
    ) -> None:
        self.site = site
        self._idle_timeout = idle_timeout
        link = None if journal is None else Link(journal, self._take)
        self.state = State(
            limits,
            blocklist,
            health,
            logins,
            TurnedAway(site.here),
            link,
            replicas=replicas,
            places=Places(site.here, QUESTIONS),
        )
        self._patience = patience

    async def _take(self, intent: Intent) -> None:
        """Bring to its end a write that another worker had begun."""
        assert self.state.journal is not None  # noqa: S101  (it is what calls this)
        await take_over(intent, self.site, self.state, self.state.journal)

    async def handle(self, request: Request) -> None:
        """Answer a request, and write its access record and audit events."""
        site = self.site
        if site.ours.bind is not None:
            request.scheme = None
        if site.proxies is not None and request.remote in site.proxies:
            request.scheme = site.proxies.scheme(request.headers) or request.scheme
            request.remote = site.proxies.client(request.remote, request.headers)
        record = AccessRecord(request, site.here)
        current.set(record)
        try:
            try:
                await self._answer(request, record, site)
            except Refusal as refusal:
                limited = refusal.status == HTTPStatus.TOO_MANY_REQUESTS
                record.turned_away = limited and "cloud" not in record.fields
                if isinstance(refusal, BlockedRefusal):
                    record.turned_away = record.fields["blocked"] = True
                await send_refusal(request, record, refusal)
        except asyncio.CancelledError as cancelled:
            record.fields.setdefault("error", str(cancelled) or "the client left")
            raise
        except Exception as error:  # noqa: BLE001  (the last resort of a server)
            await _fail(request, record, site.here, error)
        finally:
            if not record.turned_away or self.state.turned_away.is_first(sender_of(request.remote)):
                record.write()
                audit.ended(request, record, site.here, site.federation.names)

    async def _answer(self, request: Request, record: AccessRecord, site: Site) -> None:
        head, route, proof = self._admitted(request, record, site)
        body: Body = None
        login, signed = identity.is_authentication(head.method, route), proof.told.digest
        if login or signed is not None:
            whole = await self._whole(request, record, site, route)
        if signed is not None:
            site.peers.check_body(route, signed, whole)
        if login:
            body = whole
            if token := identity.token_in(body):
                head = replace(head, body_token=token)
                route = decide(head, site.federation, site.here)
                body = identity.strip(body)
        elif request.body_exists:
            body = self._received_body(request, record) if signed is None else pieces(whole)
        _record_route(record, route)
        context = Context(request, record, site, self.state, head, route, proof)
        if is_question(head, route):
            await answer_question(context, body)
            return
        await whose.check(context, body)
        if asks_for_unsettled(head, route, site.here):
            await answer_unsettled(context)
            return
        if is_about_replicas(head, route, site.here):
            await answer_about_replicas(context, body)
            return
        if isinstance(body, bytes):
            context.charge(cost.of_json(len(body), catalog=True))
        if isinstance(route.expression, CloudRef):
            await _answer_from(context, route.expression.name, body)
            return
        if isinstance(body, bytes) or (route.wallet and identity.is_of_a_token(route)):
            message = "a login is in one Keystone; name one cloud for identity"
            raise Refusal(HTTPStatus.BAD_REQUEST, message, cloud=site.here, service=IDENTITY)
        if is_eventual(context):
            await answer_eventual(context, body)
            return
        await answer_composite(context, body, self._patience)

    def _admitted(
        self, request: Request, record: AccessRecord, site: Site
    ) -> tuple[Head, Route, Proof]:
        """Return a request's head and route, and what proves its sender, who is told the time.

        Raises Refusal, also if the sender is over its rate limit.
        """
        address = request.remote
        limits = self.state.limits
        limits.arrived(address)  # before anything is parsed
        self.state.blocklist.check_address(address)
        peers = site.peers
        try:
            head = head_of(request, site.here)
            route = decide(head, site.federation, site.here)
            proofs = request.headers.all(PROOF)
            proof = peers.admit(head, route, proofs, request.certificate)
        except Refusal:
            limits.address(address, 1 + cost.of_head(request.target, request.headers))
            raise
        expression = route.expression
        if route.scope is not None:
            named_clouds = (route.sender, route.issuer, *clouds(expression))
            self.state.blocklist.check_clouds(named_clouds)
        named = 1 if isinstance(expression, CloudRef) else sum(1 for _ in clouds(expression))
        if token := head.headers.first(AUTH_TOKEN):
            limits.token(token, named)
        self.state.blocklist.check_keys((proof.key,))
        if route.sender is not None and proof.by:
            record.fields["proven"] = proof.by
            if proof.key is not None:
                record.fields["key"] = proof.key
            for name, handle in zip(_HANDLES, (proof.told.user, proof.told.client), strict=True):
                if handle is not None:
                    record.fields[name] = handle
            record.extra.append(now_told(time.time()))
            if asked_by := sender_told(head.headers.all(CLIENT_HEADER)):
                record.fields["asked_by"] = asked_by
            limits.gateway(route.sender, address, named)
            peers.take(route, proof)
        else:
            if route.scope is not None or request.head_size >= cost.HEAD:
                named += cost.of_head(request.target, request.headers)
            limits.address(address, named)
        return head, route, proof

    async def _whole(
        self, request: Request, record: AccessRecord, site: Site, route: Route
    ) -> bytes:
        """Read the body of a login, or of a request whose body is signed; raises Refusal."""
        body = bytearray()
        async for piece in self._received_body(request, record):
            body += piece
            if len(body) > identity.MAX_AUTH_BODY:
                what = "a login" if route.service == IDENTITY else "a body that is signed"
                message = f"{what} takes at most {identity.MAX_AUTH_BODY} bytes"
                status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                raise Refusal(status, message, cloud=site.here, service=route.service)
        return bytes(body)

    async def _received_body(self, request: Request, record: AccessRecord) -> AsyncIterator[bytes]:
        """Yield the client's body and count its bytes.

        After an idle timeout the connection is cut, which also cancels this request.
        """
        try:
            async for piece in request.pieces():
                record.received += len(piece)
                yield piece
        except IdleTimeoutError:
            record.fields["error"] = f"the client sent nothing for {self._idle_timeout:g} s"
            request.abort()
            raise


async def _answer_from(context: Context, cloud: str, body: Body) -> None:
    """Send a request to one cloud, and its answer to the client; raises Refusal."""
    request, record = context.request, context.record
    target, body = await translated(context, cloud, body)
    hop = await prepare(context, cloud, target)
    await check_login(context, hop, body)
    _record_hop(context, hop, body)
    answered = await _exchanged(context, hop, body)
    if isinstance(answered, Validated):
        whose.learn(context, hop, body, answered)
        await send_document(request, record, answered.document)
        return
    try:
        await relay_answer(request, record, answered)
        whose.learn(context, hop, body, answered)
    finally:
        answered.response.close()
        if answered.worked_on:
            catalog = answered.editor is not None and answered.editor.strict
            context.charge(cost.of_json(answered.worked_on, catalog=catalog))


async def _exchanged(context: Context, hop: Hop, body: Body) -> Passing | Validated:
    """Send a request and return its answer; raises Refusal, also for too many failed logins."""
    cloud, method = hop.destination.cloud, context.request.method
    try:
        if not tries_account(context, hop):
            return await exchange(context, hop, method, body)
        login = body if isinstance(body, bytes) else b""
        accounts = identity.accounts_tried(method, hop.route, login)
        with context.state.logins.trying(cloud, accounts) as attempt:
            answered = await exchange(context, hop, method, body)
            if isinstance(answered, Passing):
                attempt.status = answered.response.status
            return answered
    except NoAnswerError as error:
        raise refused(error, cloud, hop.route.service) from error


def _record_hop(context: Context, hop: Hop, body: Body) -> None:
    """Record where a request is sent; add the sealing key to the reply to a login at home."""
    record, keys = context.record, context.site.peers.keys
    remote, scoped = hop.destination.remote, hop.route.scope is not None
    if isinstance(body, bytes) and keys and scoped and not (remote or hop.route.sender):
        record.extra.append((SEALING_KEY, f"{context.site.here} {keys[0].public.seal}"))
    record.fields["cloud"] = hop.destination.cloud
    if hop.route.issuer not in {None, context.site.here}:
        record.fields["issuer"] = hop.route.issuer


def _record_route(record: AccessRecord, route: Route) -> None:
    record.fields["service"] = route.service
    if route.scope is not None:
        record.fields["scope"] = route.scope.canonical
    if route.sender is not None:
        record.fields["sender"] = route.sender


async def _fail(request: Request, record: AccessRecord, here: str, error: Exception) -> None:
    """Reply 500, or cut the connection if the head is sent; log type and place of the error.

    Its text is not logged: it may hold a token.
    """
    failed = fault_of(error)
    if record.status is not None:  # the head is sent, so no error can follow
        record.fields["error"] = failed
        request.abort()
        return
    message = "the gateway failed; its log has the place under this request's id"
    refusal = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, message, cloud=here)
    await send_refusal(request, record, refusal)
    record.fields["error"] = failed
