"""Assertions that were recorded at a border, presented by whoever might."""

import json
import time

import requests
from clouds.api import Api
from clouds.recorder import Borders

from openstackoid.identity import keys
from openstackoid.identity.signature import PROOF, Crossing, sign
from openstackoid.lab import Lab
from openstackoid.message import Headers
from openstackoid.services import BOUND

IMAGES = "/v2/images"


def caught(
    api: Api, borders: Borders, scope: str, service: str = "image", path: str = IMAGES
) -> tuple[str, str]:
    """Return what is presented to CloudTwo for alice's request, and its scope."""
    with borders["CloudOne", "CloudTwo"].presented() as presented:
        assert api.get(service, path, scope).status_code == 200
    return presented[0]


def shown_to(
    lab: Lab, cloud: str, service: str, path: str, token: str, *, sender: str = ""
) -> requests.Response:
    """Send a GET to a cloud's gateway, from a client, or as another cloud's gateway sends it.

    `token` is what is in front; the scope takes everything where the request goes.
    """
    there = dict.fromkeys((service, *(BOUND if service == "compute" else ())), cloud)
    scope = json.dumps({"*": "CloudOne", "identity": "CloudOne"} | there)
    url = lab.cloud(cloud).frontends[service] + path
    headers = {"X-Scope": scope, "X-Auth-Token": f"{token}!SCOPE!{scope}"}
    if sender:
        target = requests.Request("GET", url).prepare().path_url
        pairs = Headers(tuple(headers.items()))
        crossing = Crossing(sender, cloud, service, "GET", target, pairs)
        key = keys.read(lab.cloud(sender).keys).sign
        headers[PROOF] = sign(crossing, key, time.time())
        headers["Via"] = f"1.1 {sender} (openstackoid)"
    return requests.get(url, headers=headers, timeout=60)
