"""Users with short and with long names, real tokens of a Keystone, and how long it all gets.

A Fernet token is made as Keystone makes one (keystone.token.token_formatters: a msgpack list of
version, user, methods, project, time and audit ids, encrypted), one of JWS by ES256.
"""

import json
import os
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import msgspec
from cryptography.fernet import Fernet
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from openstackoid.identity.token_document import written

HOME = "CloudOne"

SCOPES = {
    "image": "image=CloudTwo",
    "compute": "compute=CloudTwo",
    "images elsewhere": "compute=CloudTwo,image=CloudThree",
    "volumes elsewhere": "compute=CloudTwo,image=CloudThree,block-storage=CloudFour",
}


def fernet() -> str:
    """Return a token for a project that was got by another one, so with two audit ids."""
    audit = [os.urandom(16), os.urandom(16)]
    user, project = (True, uuid.uuid4().bytes), (True, uuid.uuid4().bytes)
    payload = msgspec.msgpack.encode([2, user, 1, project, time.time(), audit])
    return Fernet(Fernet.generate_key()).encrypt(payload).rstrip(b"=").decode()


def jws() -> str:
    """Return the same as a JWS."""
    now = int(time.time())
    claims = {
        "sub": uuid.uuid4().hex,
        "iat": now,
        "exp": now + 3600,
        "openstack_methods": ["password", "token"],
        "openstack_audit_ids": [
            urlsafe_b64encode(os.urandom(16)).decode().rstrip("=") for _ in range(2)
        ],
        "openstack_project_id": uuid.uuid4().hex,
    }
    made = JWS(json.dumps(claims, separators=(",", ":")))
    key = JWK.generate(kty="EC", crv="P-256")
    made.add_signature(key, alg="ES256", protected='{"alg":"ES256","typ":"JWT"}')
    text: str = made.serialize(compact=True)
    return text


def document(user: str, project: str, domain: str, roles: list[str]) -> dict[str, Any]:
    """Return what Keystone says of a token."""
    now = int(time.time())
    return {
        "token": {
            "issued_at": written(now),
            "expires_at": written(now + 3600),
            "user": {"id": uuid.uuid4().hex, "name": user, "domain": {"name": domain}},
            "project": {"id": uuid.uuid4().hex, "name": project, "domain": {"name": domain}},
            "roles": [{"name": role} for role in roles],
        }
    }


SHORT = document("alice", "demo", "Default", ["member", "reader"])
LONG = document(
    "bj\u00f6rn.\u00f8sterg\u00e5rd-\u0142ukasiewicz@physik.uni-g\u00f6ttingen.example",
    "Gro\u00dfprojekt Klimafolgenforschung 2026 \u2013 Teilprojekt 07",
    "Universit\u00e4tsrechenzentrum",
    [
        "member",
        "reader",
        "load-balancer_member",
        "heat_stack_owner",
        "creator",
        "swiftoperator",
        "network_admin",
        "key-manager:service",
    ],
)

TOKENS: dict[str, Callable[[], str]] = {"Fernet": fernet, "JWS": jws}
USERS = {"short": SHORT, "long": LONG}

LENGTHS = {
    ("image", "short", "Fernet"): 928,
    ("image", "long", "Fernet"): 1321,
    ("image", "short", "JWS"): 1466,
    ("image", "long", "JWS"): 1860,
    ("compute", "short", "Fernet"): 1077,
    ("compute", "long", "Fernet"): 1470,
    ("compute", "short", "JWS"): 1615,
    ("compute", "long", "JWS"): 2009,
    ("images elsewhere", "short", "Fernet"): 1952,
    ("images elsewhere", "long", "Fernet"): 2704,
    ("images elsewhere", "short", "JWS"): 3030,
    ("images elsewhere", "long", "JWS"): 3782,
    ("volumes elsewhere", "short", "Fernet"): 2808,
    ("volumes elsewhere", "long", "Fernet"): 3918,
    ("volumes elsewhere", "short", "JWS"): 4423,
    ("volumes elsewhere", "long", "JWS"): 5535,
}
"""Characters of X-Auth-Token as a service gets it, by scope, names and kind of token."""
