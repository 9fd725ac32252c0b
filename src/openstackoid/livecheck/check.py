"""Runs all live checks of all clouds concurrently, and makes tables and faults of the results."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from openstackoid.federation import Federation
from openstackoid.livecheck.catalogs import Account, accounts, strangers
from openstackoid.livecheck.clocks import faults as clock_faults
from openstackoid.livecheck.configuration import unreadable
from openstackoid.livecheck.frontends import gateway_at, is_recognised, service_at
from openstackoid.livecheck.probe import Answer, trusted
from openstackoid.livecheck.tokens import Taken, taken

MIN_VALIDITY = timedelta(days=14)
"""A certificate that expires sooner is reported as a fault; renewals need some days."""

_WORKERS = 16

_NO_ENTRY = "not looked at (no entry in clouds.yaml)"
_UNREADABLE = "not looked at (clouds.yaml can't be read)"

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """Two tables with their headings, and the faults, one line each."""

    clouds: list[Row]
    tokens: list[Row]
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
        validating = [
            pool.submit(taken, account, name, trust, federation, context)
            for account in filter(None, logged_in.values())
            for name, cloud in federation.clouds.items()
            if (trust := cloud.trust.get(account.cloud))
        ]
        services = {
            name: {service: probing[name, service].result() for service in cloud.frontends}
            for name, cloud in federation.clouds.items()
        }
        asking = {
            name: pool.submit(gateway_at, name, federation.clouds[name], service, context)
            for name, answers in services.items()
            if federation.clouds[name].gateway and (service := _answering(answers))
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
            faults += [f"{name}: {fault}" for fault in found]
        faults += clock_faults(clocks)
        tokens = [future.result() for future in validating]
    table: list[Row] = [("Token of", "User (project)", "In", "Becomes")]
    table += [(t.issuer, t.user, t.cloud, t.becomes) for t in tokens]
    return Checked(rows, table, faults + [_token_fault(t) for t in tokens if t.fault])


def _answering(answers: Mapping[str, Answer | str]) -> str | None:
    """Return a service of a cloud that answers, None if none does (each is a fault already)."""
    return next((s for s, answer in answers.items() if isinstance(answer, Answer)), None)


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


def _token_fault(token: Taken) -> str:
    return f"{token.cloud}: the token of {token.user} of {token.issuer}: {token.fault}"
