"""Tables of the keys and certificates in a federation file, for `openstackoid federation check`."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from openstackoid.federation import Cloud, Federation
from openstackoid.gateway.admission import certificates
from openstackoid.identity.keys import ids, read

Row = tuple[str, ...]


def keys(federation: Federation, own: Collection[str]) -> list[Row]:
    """Return a table of all public keys, with what the gateways of the clouds `own` use them for.

    Raises KeysError. Which of two keys another cloud's gateway uses is not in the file.
    """
    rows: list[Row] = [("Cloud", "Key", "For assertions", "Use")]
    for name, cloud in federation.clouds.items():
        used = read(cloud.own.keys[0]).public if name in own and cloud.own.keys else None
        for pair in cloud.keys:
            use = "accepted" if used is None else "signs" if pair == used else "unused"
            sign, *assertion = ids(pair)
            rows.append((name, sign, assertion[0] if assertion else "none", use))
    return rows


def files(cloud: Cloud) -> list[Row]:
    """Return a table of the certificates that a cloud's own gateway shows and accepts.

    Raises OSError and ValueError.
    """
    rows: list[Row] = [("File", "Certificate", "Names", "For", "Until")]
    for file in filter(None, (cloud.own.certificate, cloud.own.ca)):
        for one in certificates.certificates(file):
            authority = file == cloud.own.ca
            purposes = "authority" if authority else ", ".join(sorted(one.purposes))
            names = ", ".join(sorted(one.names)) or "-"
            rows.append((file.name, one.subject, names, purposes, f"{one.end:%Y-%m-%d}"))
    if cloud.own.crl is not None:
        for crl in certificates.revocations(cloud.own.crl):
            end = f"{crl.next_update_utc:%Y-%m-%d}" if crl.next_update_utc else "-"
            issuer = crl.issuer.rfc4514_string()
            rows.append((cloud.own.crl.name, issuer, "-", "revocations", end))
    return rows


def warnings(federation: Federation, own: Collection[str]) -> Iterator[str]:
    """Yield what will soon be wrong with the certificates of the clouds `own`."""
    for name in own:
        cloud = federation.clouds[name]
        for warning in certificates.warnings(cloud, name, datetime.now(UTC)):
            yield f"{name}: {warning}"
