"""Makes and writes the configuration files of a cloud's services.

Services are configured with frontends only, so a request from one service to another passes through
the gateway, with its scope.
"""

import sysconfig
from collections.abc import Mapping
from pathlib import Path

from openstackoid.lab import files
from openstackoid.lab.cloud import LabCloud
from openstackoid.lab.services import SERVICES

Ini = Mapping[str, Mapping[str, object]]

_TYPES = {service.project: service.type for service in SERVICES}
"""The types of the services, by the name of the project, which is that of its user, too."""

_FOREVER = 2_147_483  # seconds: nothing in a lab reports its own heartbeat


def render(ini: Ini) -> str:
    """Return the text of a configuration file for oslo.config."""
    sections = (
        f"[{name}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in options.items())
        for name, options in ini.items()
    )
    return "\n".join(sections)


def write(cloud: LabCloud) -> None:
    """Write the configuration of every service of a cloud."""
    passwords: dict[str, str] = files.read_yaml(cloud.passwords)
    for service in cloud.services:
        directory = cloud.config(service.type)
        directory.mkdir(parents=True, exist_ok=True)
        name, make = _FILES[service.type]
        files.write(directory / name, render(make(cloud, passwords)))
    # Nova reads this file from beside its configuration, whatever api_paste_config says.
    paste = _packaged("nova/api-paste.ini").read_text()
    files.write(cloud.config("compute") / "api-paste.ini", paste)


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _packaged(path: str) -> Path:
    """Return a file below the `etc` directory in which services' packages install theirs."""
    return Path(sysconfig.get_path("data")) / "etc" / path


def _login(cloud: LabCloud, user: str, passwords: Mapping[str, str]) -> dict[str, object]:
    return {
        "auth_type": "password",
        "auth_url": cloud.frontends["identity"],
        "username": user,
        "password": passwords[user],
        "project_name": "service",
        "user_domain_id": "default",
        "project_domain_id": "default",
        "region_name": cloud.region,
    }


def _common(
    cloud: LabCloud, user: str, passwords: Mapping[str, str]
) -> dict[str, dict[str, object]]:
    """Return the sections that every service with keystonemiddleware needs."""
    return {
        "keystone_authtoken": {
            "www_authenticate_uri": cloud.frontends["identity"],
            "service_token_roles": "service",
            "service_token_roles_required": True,
            "token_cache_time": 10,  # seconds until a user who is disabled elsewhere is noticed
            "interface": "public",
            "service_type": _TYPES[user],  # without it access rules refuse everything
            **_login(cloud, user, passwords),
        },
        "oslo_middleware": {"enable_proxy_headers_parsing": True},
        "oslo_messaging_notifications": {"driver": "noop"},
    }


def _own_token(cloud: LabCloud, user: str, passwords: Mapping[str, str]) -> dict[str, object]:
    return {"send_service_user_token": True, **_login(cloud, user, passwords)}


def _locks(cloud: LabCloud, service: str) -> dict[str, object]:
    return {"lock_path": cloud.directory / "state" / service / "locks"}


def _identity(cloud: LabCloud, passwords: Mapping[str, str]) -> Ini:  # noqa: ARG001
    etc = cloud.config("identity")
    return {
        "DEFAULT": {"use_stderr": True, "public_endpoint": cloud.frontends["identity"]},
        "database": {"connection": cloud.database("keystone")},
        "identity": {"password_hash_rounds": 4},
        "token": {"provider": "fernet"},
        "revoke": {"expiration_buffer": 43200},  # as long as services go on elsewhere
        "fernet_tokens": {"key_repository": etc / "fernet-keys"},
        "fernet_receipts": {"key_repository": etc / "fernet-keys"},
        "credential": {"key_repository": etc / "credential-keys"},
        "cache": {"enabled": True, "backend": "dogpile.cache.memory"},
        "oslo_middleware": {"enable_proxy_headers_parsing": True},
    }


def _image(cloud: LabCloud, passwords: Mapping[str, str]) -> Ini:
    state = cloud.directory / "state" / "image"
    return {
        "DEFAULT": {
            "use_stderr": True,
            "enabled_backends": "local:file",
            "public_endpoint": cloud.frontends["image"],
            "worker_self_reference_url": cloud.frontends["image"],
            "node_staging_uri": f"file://{state / 'staging'}",
            "enabled_import_methods": "[]",
        },
        "database": {"connection": cloud.database("glance")},
        "glance_store": {"default_backend": "local"},
        "local": {"filesystem_store_datadir": state / "images"},
        "os_glance_staging_store": {"filesystem_store_datadir": state / "staging"},
        "os_glance_tasks_store": {"filesystem_store_datadir": state / "tasks"},
        "paste_deploy": {
            "flavor": "keystone",
            "config_file": _packaged("glance/glance-api-paste.ini"),
        },
        **_common(cloud, "glance", passwords),
    }


def _placement(cloud: LabCloud, passwords: Mapping[str, str]) -> Ini:
    return {
        "DEFAULT": {"use_stderr": True},
        "api": {"auth_strategy": "keystone"},
        "placement_database": {"connection": cloud.database("placement")},
        **_common(cloud, "placement", passwords),
    }


def _compute(cloud: LabCloud, passwords: Mapping[str, str]) -> Ini:
    login = {"valid_interfaces": "public", **_login(cloud, "nova", passwords)}
    return {
        "DEFAULT": {
            "use_stderr": True,
            "transport_url": "fake://",
            "host": cloud.hypervisor,
            "my_ip": cloud.address,
            "compute_driver": "lab.LabDriver",
            "instances_path": cloud.instances,
            "state_path": cloud.directory / "state" / "compute",
            "report_interval": 30,
            "service_down_time": 120,
            "default_thread_pool_size": 8,
            "cell_worker_thread_pool_size": 4,
        },
        "quota": {"instances": -1, "cores": -1, "ram": -1},  # servers are simulated, and free
        "api": {"auth_strategy": "keystone"},
        "api_database": {"connection": cloud.database("nova_api")},
        "database": {"connection": cloud.database("nova_cell1")},
        "conductor": {"workers": 1},
        "scheduler": {"workers": 1},
        # Images are looked up in the catalog of the user's own token.
        "glance": {"region_name": cloud.region, "valid_interfaces": "public"},
        "cinder": {"os_region_name": cloud.region, "catalog_info": "block-storage::publicURL"},
        "neutron": login,
        "placement": login,
        # Neutron lets a member delete the port of a server only if nova vouches for it.
        "service_user": _own_token(cloud, "nova", passwords),
        "oslo_concurrency": _locks(cloud, "compute"),
        **_common(cloud, "nova", passwords),
    }


def _network(cloud: LabCloud, passwords: Mapping[str, str]) -> Ini:
    return {
        "DEFAULT": {
            "use_stderr": True,
            "transport_url": "fake://",
            "core_plugin": "ml2",
            "service_plugins": "",
            "auth_strategy": "keystone",
            "api_paste_config": _packaged("neutron/api-paste.ini"),
            "state_path": cloud.directory / "state" / "network",
            "send_events_interval": 1,
            "dhcp_agent_notification": False,
            "agent_down_time": _FOREVER,
        },
        "database": {"connection": cloud.database("neutron")},
        "ml2": {
            "type_drivers": "local",
            "project_network_types": "local",
            "mechanism_drivers": "openvswitch",
            "extension_drivers": "port_security",
        },
        "securitygroup": {"enable_security_group": True},
        "nova": {"endpoint_type": "public", **_login(cloud, "neutron", passwords)},
        "oslo_concurrency": _locks(cloud, "network"),
        **_common(cloud, "neutron", passwords),
    }


def _block_storage(cloud: LabCloud, passwords: Mapping[str, str]) -> Ini:
    state = cloud.directory / "state" / "block-storage"
    return {
        "DEFAULT": {
            "use_stderr": True,
            "transport_url": "fake://",
            "host": f"{cloud.name.lower()}-volume",
            "my_ip": cloud.address,
            "auth_strategy": "keystone",
            "api_paste_config": _packaged("cinder/api-paste.ini"),
            "state_path": state,
            "enabled_backends": "fake",
            "scheduler_driver_init_wait_time": 1,
            "service_down_time": _FOREVER,
            "volume_clear": "none",
        },
        "fake": {
            "volume_driver": "cinder.tests.fake_driver.FakeLoggingVolumeDriver",
            "volume_backend_name": "fake",
        },
        "database": {"connection": cloud.database("cinder")},
        "coordination": {"backend_url": f"file://{state / 'coordination'}"},
        "nova": {"interface": "public", **_login(cloud, "cinder", passwords)},
        "service_user": _own_token(cloud, "cinder", passwords),
        "oslo_concurrency": _locks(cloud, "block-storage"),
        **_common(cloud, "cinder", passwords),
    }


_FILES = {
    "identity": ("keystone.conf", _identity),
    "image": ("glance-api.conf", _image),
    "placement": ("placement.conf", _placement),
    "compute": ("nova.conf", _compute),
    "network": ("neutron.conf", _network),
    "block-storage": ("cinder.conf", _block_storage),
}
