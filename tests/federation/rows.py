"""Endpoints as `openstack endpoint list -f json` prints them."""

from typing import Any


def row(service: str, url: str, interface: str = "public", **other: Any) -> dict[str, Any]:
    """Return one of them; `other` has columns with an underscore for a blank (`Service_Name`)."""
    return {
        "ID": "0" * 32,
        "Region": "RegionOne",
        "Service Name": service,
        "Service Type": service,
        "Enabled": True,
        "Interface": interface,
        "URL": url,
    } | {name.replace("_", " "): value for name, value in other.items()}


IDENTITY = row("identity", "https://api.example.org:5000/v3")
IMAGE = row("image", "https://api.example.org:9292")
USUAL = {"identity": "https://api.example.org:5000", "image": "https://api.example.org:9292"}
"""The public addresses of these two."""
