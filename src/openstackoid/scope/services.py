"""Names of services, folded by the service-types authority (os-service-types)."""

from collections.abc import Collection
from functools import cache, lru_cache

from os_service_types import ServiceTypes


@cache
def _authority() -> ServiceTypes:
    return ServiceTypes()


@lru_cache(maxsize=1024)
def service_type(name: str) -> str | None:
    """Return the official service type of a type, an alias or a project's name, None if unknown.

    `block_storage`, `volumev3` and `cinder` are all `block-storage`.
    """
    name = name.lower()
    if official := _authority().get_service_type(name):
        return official
    of_project: list[str] = _authority().service_types_by_project.get(name, [])
    return of_project[0] if len(of_project) == 1 else None


@cache
def known_names() -> Collection[str]:
    """Return every official service type and every project's name, for hints."""
    authority = _authority()
    return frozenset(authority.all_types_by_service_type) | frozenset(
        authority.service_types_by_project
    )
