"""A user without the `openstack` command, as curl is."""

from dataclasses import dataclass, field
from typing import Any

import requests
import yaml

from openstackoid.lab import Lab


@dataclass
class Api:
    """The requests of alice, or the administrator, to one cloud's gateway and no other address."""

    lab: Lab
    cloud: str
    token: str = field(default="", repr=False)
    admin: bool = False
    http: requests.Session = field(default_factory=requests.Session, repr=False)
    frontends: dict[str, str] = field(default_factory=dict)
    """Where the gateway takes requests for a service, of whichever cloud; read once."""

    def __post_init__(self) -> None:
        if not self.frontends:
            known = yaml.safe_load(self.lab.cloud(self.cloud).federation.read_text())["clouds"]
            self.frontends = known[self.cloud]["frontends"]

    def login(self, scope: str = "") -> requests.Response:
        """Log in; keep the token."""
        entry = f"{self.cloud}-admin" if self.admin else self.cloud
        auth = yaml.safe_load(self.lab.clouds_yaml.read_text())["clouds"][entry]["auth"]
        user = {
            "name": auth["username"],
            "domain": {"id": "default"},
            "password": auth["password"],
        }
        project = {"name": auth["project_name"], "domain": {"id": "default"}}
        body = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": project},
            }
        }
        answer = self.request("POST", "identity", "/v3/auth/tokens", scope, json=body)
        self.token = answer.headers.get("X-Subject-Token", "")
        return answer

    def get(self, service: str, path: str, scope: str = "", **more: Any) -> requests.Response:
        """Read."""
        return self.request("GET", service, path, scope, **more)

    def post(
        self, service: str, path: str, body: object, scope: str = "", microversion: str = ""
    ) -> requests.Response:
        """Write."""
        headers = {"OpenStack-API-Version": microversion} if microversion else {}
        return self.request("POST", service, path, scope, json=body, headers=headers)

    def request(
        self, method: str, service: str, path: str, scope: str = "", **more: Any
    ) -> requests.Response:
        """Send a request to the frontend of a service, or to a link that begins with it."""
        base = self.frontends[service]
        url = path if path.startswith(base) else base + path
        headers = dict(more.pop("headers", {}))
        if self.token:
            headers.setdefault("X-Auth-Token", self.token)
        if scope:
            headers["X-Scope"] = scope
        return self.http.request(
            method, url, headers=headers, timeout=60, allow_redirects=False, **more
        )
