"""All checks of all clouds at the same time, put together."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from ssl import SSLContext

from openstackoid.federation import Cloud, Federation
from openstackoid.federation.model import PUBLIC
from openstackoid.livecheck.catalogs import Account, accounts, strangers
from openstackoid.livecheck.probe import Answer, ProbeError, ask, trusted
from openstackoid.livecheck.tokens import Taken, taken

MAX_SKEW = timedelta(seconds=30)
"""Half of what a signed request of another gateway may be off, so that there is time to mend it."""

MIN_VALIDITY = timedelta(days=14)
"""A certificate that ends sooner is told as a fault."""

_WORKERS = 16

_NO_ENTRY = "not looked at (no entry in clouds.yaml)"

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """Two tables with their headings, and what is wrong: one line each."""

    clouds: list[Row]
    tokens: list[Row]
    faults: list[str]


def check(federation: Federation) -> Checked:
    """Connect to every cloud; raises OSError if an authority's file can't be read."""
    context = trusted({c.own.ca for c in federation.clouds.values() if c.own.ca})
    faults: list[str] = []
    with ThreadPoolExecutor(_WORKERS) as pool:
        probing = {
            (name, service): pool.submit(_probe, cloud, service, context)
            for name, cloud in federation.clouds.items()
            for service in cloud.frontends
        }
        logged_in: dict[str, Account | None] = {}
        for account in accounts(federation.clouds):
            if isinstance(account, Account):
                logged_in[account.cloud] = account
            else:
                failed, reason = account
                logged_in[failed] = None
                faults.append(f"{failed}: the entry in clouds.yaml can't log in: {reason}")
        believing = [
            pool.submit(taken, account, name, trust, federation, context)
            for account in filter(None, logged_in.values())
            for name, cloud in federation.clouds.items()
            if (trust := cloud.trust.get(account.cloud))
        ]
        rows: list[Row] = [("Cloud", "Services", "Certificate", "Clock", "Catalog")]
        for name, cloud in federation.clouds.items():
            answers = {s: probing[name, s].result() for s in cloud.frontends}
            known = logged_in.get(name)
            others = list(strangers(known, cloud)) if known else []
            catalog = _catalog(known, others) if name in logged_in else _NO_ENTRY
            rows.append((name, *_cells(answers), catalog))
            faults += [f"{name}: {fault}" for fault in (*_faults(answers), *others)]
        tokens = [future.result() for future in believing]
    table: list[Row] = [("Token of", "User (project)", "In", "Becomes")]
    table += [(t.issuer, t.user, t.cloud, t.becomes) for t in tokens]
    return Checked(rows, table, faults + [_told(t) for t in tokens if t.fault])


def _probe(cloud: Cloud, service: str, context: SSLContext) -> Answer | str:
    """Return the answer at the root of a service's public frontend, or why there is none."""
    url = cloud.frontends[service][PUBLIC]
    try:
        answer = ask(cloud, url, context)
    except ProbeError as error:
        return f"{service} at {url}: {error}"
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"{service} at {url}: it answers {answer.status}"
    return answer


def _cells(answers: dict[str, Answer | str]) -> Row:
    there = [answer for answer in answers.values() if isinstance(answer, Answer)]
    expires = min((a.expires for a in there if a.expires), default=None)
    ahead = max((a.ahead for a in there if a.ahead is not None), key=abs, default=None)
    return (
        f"{len(there)} of {len(answers)}",
        f"until {expires:%Y-%m-%d}" if expires else "none (http)" if there else "-",
        "-" if ahead is None else f"{ahead.total_seconds():+.0f} s",
    )


def _catalog(account: Account | None, strangers: list[str]) -> str:
    if account is None:
        return "not looked at (no login)"
    return "differs" if strangers else "as the file says"


def _faults(answers: dict[str, Answer | str]) -> Iterator[str]:
    """Yield what is wrong with the frontends of a cloud."""
    for service, answer in answers.items():
        if isinstance(answer, str):
            yield answer
            continue
        if answer.ahead is not None and abs(answer.ahead) > MAX_SKEW:
            off = f"{abs(answer.ahead.total_seconds()):.0f} s"
            yield f"{service}: its clock and ours differ by {off}; let both follow NTP"
        if answer.expires and answer.expires - datetime.now(UTC) < MIN_VALIDITY:
            yield f"{service}: its certificate ends on {answer.expires:%Y-%m-%d}; renew it"


def _told(token: Taken) -> str:
    return f"{token.cloud}: the token of {token.user} of {token.issuer}: {token.fault}"
