"""Users of a lab's clouds, who send requests with scopes under the policy `eventual`."""

from dataclasses import dataclass, field
from typing import Any

import requests

from openstackoid.lab import files, logins
from openstackoid.lab.lab import Lab


@dataclass
class User:
    """A user of a cloud, as a client without the `openstack` command; by default its administrator.

    `name` is one of the lab's users, who has the same name in each of its clouds.
    """

    lab: Lab
    cloud: str
    name: str = "admin"
    token: str = field(default="", repr=False)
    http: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        known = files.read_yaml(self.lab.cloud(self.cloud).federation)["clouds"]
        self._frontends = known[self.cloud]["frontends"]
        account = logins.account(self.lab.cloud(self.cloud), self.name)
        domain = {"id": "default"}
        user = {"name": account["username"], "domain": domain, "password": account["password"]}
        project = {"name": account["project_name"], "domain": domain}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": {"project": project}}}
        answer = self.ask("POST", "identity", "/v3/auth/tokens", json=body)
        self.token = answer.headers["X-Subject-Token"]

    def ask(
        self, method: str, service: str, path: str, scope: str = "", **more: Any
    ) -> requests.Response:
        """Send a request; with a scope, a write is for all its clouds, some time."""
        headers = dict(more.pop("headers", {}))
        headers |= {"X-Scope": f"{service}={scope}"} if scope else {}
        headers |= {"X-Auth-Token": self.token} if self.token else {}
        if service == "compute":
            headers["OpenStack-API-Version"] = "compute 2.61"
        if method != "GET" and scope:
            headers["X-Scope-Policy"] = "eventual"
        return self.http.request(
            method, f"{self._frontends[service]}{path}", headers=headers, timeout=60, **more
        )
