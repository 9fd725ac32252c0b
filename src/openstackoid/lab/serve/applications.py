"""Loads the WSGI application of each service, and returns what to start in the background."""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

Background = Callable[[], object]
Loaded = tuple[Any, Background | None]


def identity(config: Path) -> Loaded:
    """Load Keystone."""
    os.environ["OS_KEYSTONE_CONFIG_DIR"] = str(config)
    sys.argv = ["keystone"]
    return import_module("keystone.wsgi.api").application, None


def image(config: Path) -> Loaded:
    """Load Glance."""
    os.environ["OS_GLANCE_CONFIG_DIR"] = str(config)
    sys.argv = ["glance-api"]
    return import_module("glance.wsgi.api").application, None


def placement(config: Path) -> Loaded:
    """Load Placement."""
    os.environ["OS_PLACEMENT_CONFIG_DIR"] = str(config)
    sys.argv = ["placement-api"]
    return import_module("placement.wsgi.api").application, None


def network(config: Path) -> Loaded:
    """Load Neutron's API; there are no agents, and no workers that would talk to them."""
    os.environ["OS_NEUTRON_CONFIG_DIR"] = str(config)
    os.environ["OS_NEUTRON_CONFIG_FILES"] = "neutron.conf"
    sys.argv = ["neutron-api"]
    # Ports have back references that exist only once the mappers are configured. neutron-server
    # does that before its first request, the bare WSGI application does not.
    import_module("neutron.db.migration.models.head")
    import_module("sqlalchemy.orm").configure_mappers()
    return import_module("neutron.wsgi.api").application, None


def compute(config: Path) -> Loaded:
    """Load Nova's API; conductor, scheduler and compute run in the background.

    In one process they share oslo.messaging's in-memory transport.
    """
    os.environ["OS_NOVA_CONFIG_DIR"] = str(config)
    sys.argv = ["nova-api", "--config-file", str(config / "nova.conf")]
    application = import_module("nova.wsgi.osapi_compute").application

    def background() -> object:
        # Nova looks for drivers only below nova.virt.
        sys.modules["nova.virt.lab"] = import_module("openstackoid.lab.serve.driver")
        import_module("os_brick").setup(import_module("nova.conf").CONF)
        import_module("os_vif").initialize()
        import_module("nova.objects").Service.enable_min_version_cache()
        service = import_module("nova.service").Service
        rpc = import_module("nova.compute.rpcapi")
        started = [
            service.create(
                binary="nova-conductor", topic=import_module("nova.conductor.rpcapi").RPC_TOPIC
            ),
            service.create(
                binary="nova-scheduler", topic=import_module("nova.scheduler.rpcapi").RPC_TOPIC
            ),
            service.create(binary="nova-compute", topic=rpc.RPC_TOPIC, topic_alt=rpc.RPC_TOPIC_ALT),
        ]
        for one in started:
            one.start()
        context = import_module("nova.context").get_admin_context()
        import_module("nova.objects.host_mapping").discover_hosts(context)
        return started

    return application, background


def block_storage(config: Path) -> Loaded:
    """Load Cinder's API; volume and scheduler run in the background."""
    os.environ["OS_CINDER_DISABLE_EVENTLET_PATCHING"] = "1"
    backend = import_module("oslo_service.backend")
    backend.init_backend(backend.BackendType.THREADING)
    sys.argv = ["cinder-api", "--config-file", str(config / "cinder.conf")]
    application = import_module("cinder.wsgi.api").application
    import_module("cinder.tests.fake_driver")  # sets signal handlers: in the main thread only

    def background() -> object:
        conf = import_module("oslo_config.cfg").CONF
        service = import_module("cinder.service").Service
        started = [
            service.create(
                host=f"{conf.host}@{name}",
                service_name=name,
                binary="cinder-volume",
                coordination=True,
            )
            for name in conf.enabled_backends
        ]
        started.append(service.create(binary="cinder-scheduler"))
        for one in started:
            one.start()
        return started

    return application, background


LOADERS: dict[str, Callable[[Path], Loaded]] = {
    "identity": identity,
    "image": image,
    "placement": placement,
    "network": network,
    "compute": compute,
    "block-storage": block_storage,
}
