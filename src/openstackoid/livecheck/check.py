"""Runs all live checks of all clouds concurrently, and makes tables and faults of the results."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from openstackoid.federation import Cloud, Federation
from openstackoid.livecheck.catalogs import Account, accounts, strangers
from openstackoid.livecheck.clocks import faults as clock_faults
from openstackoid.livecheck.configuration import unreadable
from openstackoid.livecheck.frontends import (
    gateway_at,
    is_recognised,
    knows_assertions,
    service_at,
)
from openstackoid.livecheck.probe import Answer, trusted
from openstackoid.livecheck.trials import Tried, tried
from openstackoid.services import IDENTITY

MIN_VALIDITY = timedelta(days=14)
"""A certificate that expires sooner is reported as a fault; renewals need some days."""

_WORKERS = 16

_NO_ENTRY = "not looked at (no entry in clouds.yaml)"
_OLD = (
    "its gateway knows no assertions, though the file has a key for them: it is of an older "
    "release, or its operator has not started the new one; no user is tried by way of it, as it "
    "would send tokens"
)
_NOT_TRIED = ("-", "-", "not tried: no gateway there that knows assertions, in place of tokens")
_UNREADABLE = "not looked at (clouds.yaml can't be read)"

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """Two tables with their headings, and the faults, one line each."""

    clouds: list[Row]
    users: list[Row]
    faults: list[str]


def check(federation: Federation) -> Checked:
    """Check every cloud of a federation; raises OSError if an authority's file can't be read."""
    context = trusted({c.own.ca for c in federation.clouds.values() if c.own.ca})
    unread = list(unreadable())
    faults = [*unread]
    with ThreadPoolExecutor(_WORKERS) as pool:
        probing = {
            (name, service): pool.submit(service_at, cloud, service, context)
            for name, cloud in federation.clouds.items()
            for service in cloud.frontends
        }
        logged_in: dict[str, Account | None] = {}
        for account in [] if unread else accounts(federation.clouds):
            if isinstance(account, Account):
                logged_in[account.cloud] = account
            else:
                failed, reason = account
                logged_in[failed] = None
                faults.append(f"{failed}: the entry in clouds.yaml can't log in: {reason}")
        services = {
            name: {service: probing[name, service].result() for service in cloud.frontends}
            for name, cloud in federation.clouds.items()
        }
        asking = {
            name: pool.submit(gateway_at, name, federation.clouds[name], service, context)
            for name, answers in services.items()
            if federation.clouds[name].gateway and (service := _answering(answers))
        }
        knowing = {
            name: pool.submit(knows_assertions, name, federation.clouds[name], service, context)
            for name, answers in services.items()
            if federation.clouds[name].gateway and (service := _answering(answers, IDENTITY))
        }
        no_entry = _UNREADABLE if unread else _NO_ENTRY
        rows: list[Row] = [("Cloud", "Services", "Certificate", "Clock", "Catalog")]
        clocks: dict[str, dict[str, float]] = {}
        for name, cloud in federation.clouds.items():
            answers = services[name]
            gateway = asking[name].result() if name in asking else None
            clocks[name] = _clocks({"its gateway": gateway, **answers})
            known = logged_in.get(name)
            others = list(strangers(known, cloud)) if known else []
            catalog = _catalog(known, others) if name in logged_in else no_entry
            rows.append((name, *_cells(answers, clocks[name]), catalog))
            found = [*_faults(answers), *others]
            if isinstance(gateway, str):
                found.insert(0, gateway)
            elif name in knowing and not knowing[name].result() and _makes_assertions(cloud):
                found.insert(0, _OLD)
            faults += [f"{name}: {fault}" for fault in found]
        faults += clock_faults(clocks)
        table: list[Row] = [("User of", "User (project)", "Services of", "Services", "Answer")]
        trials: list[Future[list[Tried]]] = []
        for account in filter(None, logged_in.values()):
            if account.cloud in knowing and knowing[account.cloud].result():
                trials += [
                    pool.submit(tried, account, name, federation, context)
                    for name, cloud in federation.clouds.items()
                    if name != account.cloud and cloud.gateway
                ]
            else:
                table.append((account.cloud, f"{account.user} ({account.project})", *_NOT_TRIED))
        users = [one for trial in trials for one in trial.result()]
    table += [(t.issuer, t.user, _where(t), ", ".join(t.services), t.answer) for t in users]
    return Checked(rows, table, faults + [_fault(t) for t in users if t.fault])


def _answering(answers: Mapping[str, Answer | str], besides: str = "") -> str | None:
    """Return a service of a cloud that answers, None if none does (each is a fault already)."""
    there = (s for s, answer in answers.items() if isinstance(answer, Answer) and s != besides)
    return next(there, None)


def _makes_assertions(cloud: Cloud) -> bool:
    """Return whether the file says that the gateway of a cloud makes assertions."""
    return any(pair.assertion for pair in cloud.keys)


def _clocks(answers: Mapping[str, Answer | str | None]) -> dict[str, float]:
    return {
        whose: answer.ahead
        for whose, answer in answers.items()
        if isinstance(answer, Answer) and answer.ahead is not None
    }


def _cells(answers: dict[str, Answer | str], clocks: Mapping[str, float]) -> Row:
    there = [answer for answer in answers.values() if isinstance(answer, Answer)]
    unknown = sum(not is_recognised(answer) for answer in there)
    expires = min((a.expires for a in there if a.expires), default=None)
    ahead = max(clocks.values(), key=abs, default=None)
    return (
        f"{len(there)} of {len(answers)}" + (f" ({unknown} not recognised)" if unknown else ""),
        f"until {expires:%Y-%m-%d}" if expires else "none (http)" if there else "-",
        "-" if ahead is None else f"{ahead:+.0f} s",
    )


def _catalog(account: Account | None, strangers: list[str]) -> str:
    if account is None:
        return "not looked at (no login)"
    return "differs" if strangers else "as the file says"


def _faults(answers: dict[str, Answer | str]) -> Iterator[str]:
    """Yield the faults of the frontends of a cloud."""
    for service, answer in answers.items():
        if isinstance(answer, str):
            yield answer
            continue
        if answer.expires and answer.expires - datetime.now(UTC) < MIN_VALIDITY:
            yield f"{service}: its certificate ends on {answer.expires:%Y-%m-%d}; renew it"


def _where(one: Tried) -> str:
    return one.cloud if one.caller is None else f"{one.cloud}, called by {one.caller}"


def _fault(one: Tried) -> str:
    called = "" if one.caller is None else f", as compute of {one.caller} calls it"
    services = ", ".join(one.services)
    return f"{one.cloud}: {services}, for {one.user} of {one.issuer}{called}: {one.fault}"
