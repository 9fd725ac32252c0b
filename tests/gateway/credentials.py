"""Keys and certificates for played clouds, made anew in each test."""

import ssl
from pathlib import Path

import trustme
from gateway.played import Clouds

from openstackoid.identity.keys import Keys, make, write


async def reload(clouds: Clouds) -> None:
    """Let both gateways read the document as it is now."""
    clouds.save()
    for gateway in clouds.gateways.values():
        await gateway.reload()


async def give_keys(clouds: Clouds, *names: str) -> dict[str, Keys]:
    """Give gateways keys to sign with, and let all know the public halves."""
    made = {name: make() for name in names}
    for name, keys in made.items():
        file = clouds.file.with_name(f"{name}-{keys.public.sign[:8]}.json")
        write(keys, file)
        entry = clouds.document["clouds"][name]
        entry["keys"] = keys.public.model_dump()
        entry["own"]["keys"] = file.name
    await reload(clouds)
    return made


def take_keys(clouds: Clouds) -> None:
    """Leave the gateways without keys, in the document alone."""
    for entry in clouds.document["clouds"].values():
        entry.pop("keys", None)
        entry["own"].pop("keys", None)


def issue(ca: trustme.CA, directory: Path, name: str) -> dict[str, str]:
    """Return the keys of `own` for a certificate with a name, and the gateways' address."""
    issued = ca.issue_cert(name, "127.0.0.2")
    files = {key: directory / f"{name}-{key}.pem" for key in ("certificate", "key", "ca")}
    issued.cert_chain_pems[0].write_to_path(files["certificate"])
    issued.private_key_pem.write_to_path(files["key"])
    files["key"].chmod(0o600)
    ca.cert_pem.write_to_path(files["ca"])
    return {key: str(file) for key, file in files.items()}


async def speak_tls(clouds: Clouds, ca: trustme.CA) -> None:
    """Make the frontends of both clouds https, with certificates in place of keys."""
    take_keys(clouds)
    for name, frontends in clouds.frontends.items():
        for service, url in frontends.items():
            frontends[service] = url.replace("http:", "https:")
        entry = clouds.document["clouds"][name]
        entry["own"] |= issue(ca, clouds.file.parent, f"{name.lower()}.example")
        entry["peer"] = f"{name.lower()}.example"
    await reload(clouds)


def client_context(ca: trustme.CA, own: dict[str, str] | None = None) -> ssl.SSLContext:
    """Return the context of a client that believes an authority, and perhaps shows something."""
    context = ssl.create_default_context()
    ca.configure_trust(context)
    if own:
        context.load_cert_chain(own["certificate"], own["key"])
    return context
