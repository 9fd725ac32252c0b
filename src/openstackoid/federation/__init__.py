"""The federation: its clouds, the addresses of their services, and what clouds share."""

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
