"""The federation: its clouds, where their services are, and what they share."""

from openstackoid.federation.errors import Fault, FederationError
from openstackoid.federation.loader import load, loads
from openstackoid.federation.model import Cloud, Federation, Frontend, Infrastructure, Url

__all__ = [
    "Cloud",
    "Fault",
    "Federation",
    "FederationError",
    "Frontend",
    "Infrastructure",
    "Url",
    "load",
    "loads",
]
