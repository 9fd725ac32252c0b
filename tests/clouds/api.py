"""A user of CloudOne without the `openstack` command, as curl is."""

from dataclasses import dataclass, field
from typing import Any

import requests
import yaml

from openstackoid.lab import Lab


@dataclass
class Api:
    """alice's requests to one cloud's gateway, and to no other address."""

    lab: Lab
    cloud: str
    token: str = field(default="", repr=False)

    def login(self, scope: str = "") -> requests.Response:
        """Log in; keep the token."""
        auth = yaml.safe_load(self.lab.clouds_yaml.read_text())["clouds"][self.cloud]["auth"]
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
        base = self.lab.cloud(self.cloud).frontends[service]
        url = path if path.startswith(base) else base + path
        headers = dict(more.pop("headers", {}))
        if self.token:
            headers.setdefault("X-Auth-Token", self.token)
        if scope:
            headers["X-Scope"] = scope
        return requests.request(
            method, url, headers=headers, timeout=60, allow_redirects=False, **more
        )
